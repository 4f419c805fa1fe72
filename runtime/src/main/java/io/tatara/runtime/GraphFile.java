package io.tatara.runtime;

import io.tatara.kernels.TataraException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A file for a graph's picture: {@code .dot} for Graphviz, {@code .svg} as it is looked at. Made
 * before the work, so that what is wrong with the path is told before it.
 */
public final class GraphFile {
    private final Path path;
    private final boolean svg;

    private GraphFile(Path path, boolean svg) {
        this.path = path;
        this.svg = svg;
    }

    /**
     * @throws TataraException if the name ends in neither, or the file cannot be written
     */
    public static GraphFile of(Path path) {
        Path name = path.getFileName();
        String end = name == null ? "" : name.toString().toLowerCase(Locale.ROOT);
        boolean svg = end.endsWith(".svg");
        if (!svg && !end.endsWith(".dot")) {
            throw wrong(path, "expected a name that ends in .dot or .svg");
        }
        Path folder = path.toAbsolutePath().getParent();
        if (Files.isDirectory(path)) {
            throw wrong(path, "it is a folder");
        }
        if (!Files.isDirectory(folder)) {
            throw wrong(path, "there is no folder " + folder);
        }
        if (!Files.isWritable(Files.exists(path) ? path : folder)) {
            throw wrong(path, "it cannot be written");
        }
        return new GraphFile(path, svg);
    }

    private static TataraException wrong(Path path, String why) {
        return new TataraException("picture of a graph: given " + path + ": " + why);
    }

    public Path path() {
        return path;
    }

    /** Draws the graph. */
    public void write(Graph graph) {
        try {
            Files.writeString(path, svg ? graph.toSvg() : graph.toDot());
        } catch (IOException e) {
            throw new TataraException(
                    "picture of a graph: " + path + " cannot be written: " + e, e);
        }
    }
}
