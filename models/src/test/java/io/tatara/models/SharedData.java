package io.tatara.models;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the real data is, if it is there: {@code shared/data} beside the project. */
public final class SharedData {
    private SharedData() {}

    /** The file or folder of that name, null where it is not there. */
    public static Path find(String name) {
        for (Path p = Path.of("").toAbsolutePath(); p != null; p = p.getParent()) {
            Path candidate = p.resolve("shared/data").resolve(name);
            if (Files.exists(candidate)) {
                return candidate;
            }
        }
        return null;
    }
}
