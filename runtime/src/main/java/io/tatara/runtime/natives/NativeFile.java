package io.tatara.runtime.natives;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Properties;

/**
 * JCuda and JOCL unpack their library into {@code java.io.tmpdir} under a fixed name, in place, and
 * load whatever file stands there: a second process that starts meanwhile maps half a file and dies
 * by SIGBUS. So the whole file is put there first, by a rename.
 */
public final class NativeFile {
    private static final System.Logger LOG = System.getLogger(NativeFile.class.getName());

    private NativeFile() {}

    /**
     * The version of a Maven artifact on the class path.
     *
     * @param anchor a class of the artifact
     * @return null where its properties are not to be had
     */
    public static String version(Class<?> anchor, String group, String artifact) {
        String name = "/META-INF/maven/" + group + "/" + artifact + "/pom.properties";
        try (InputStream in = anchor.getResourceAsStream(name)) {
            if (in == null) {
                return null;
            }
            Properties p = new Properties();
            p.load(in);
            return p.getProperty("version");
        } catch (IOException | IllegalArgumentException e) {
            return null;
        }
    }

    /**
     * Puts {@code lib/NAME} of the class path into {@code java.io.tmpdir}, unless a file of that
     * length stands there. Where it cannot, the binding tries by itself.
     */
    public static void place(Class<?> anchor, String name) {
        try {
            place(anchor.getClassLoader(), name, Path.of(System.getProperty("java.io.tmpdir")));
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, () -> name + " is left to its binding: " + e);
        }
    }

    /** As {@link #place(Class, String)}, into a folder of the caller's. */
    static void place(ClassLoader loader, String name, Path folder) throws IOException {
        byte[] library;
        try (InputStream in = loader.getResourceAsStream("lib/" + name)) {
            if (in == null) {
                return;
            }
            library = in.readAllBytes();
        }
        Path target = folder.resolve(name);
        if (Files.isRegularFile(target) && Files.size(target) == library.length) {
            return;
        }
        Path temporary = Files.createTempFile(folder, "tatara", ".tmp");
        try {
            Files.write(temporary, library);
            Files.move(
                    temporary,
                    target,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}
