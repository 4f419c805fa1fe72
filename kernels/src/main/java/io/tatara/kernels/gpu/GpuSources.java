package io.tatara.kernels.gpu;

import io.tatara.kernels.TataraException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;

/** Kernel sources that travel in the jar, each read once. */
public final class GpuSources {
    private static final ConcurrentHashMap<String, String> TEXTS = new ConcurrentHashMap<>();

    private GpuSources() {}

    /**
     * The header with the neutral macros: the half for this API. Stands before every program's
     * source.
     */
    public static String header(GpuTraits.Api api) {
        return load(GpuSources.class, "portable.h")
                .replace("@API@", api == GpuTraits.Api.CUDA ? "TATARA_CUDA" : "TATARA_OPENCL");
    }

    /**
     * What stands before a program's source when it is compiled: its defines, the portable header,
     * the headers that it names, and a {@code #line} directive so that compilers count the source's
     * own lines.
     */
    public static String prologue(GpuTraits.Api api, GpuProgram program) {
        StringBuilder s = new StringBuilder();
        program.defines()
                .forEach((name, value) -> s.append("#define " + name + " " + value + "\n"));
        append(s, header(api));
        for (String h : program.headers()) {
            s.append("#line 1 \"").append(h).append("\"\n");
            append(s, load(GpuSources.class, h));
        }
        String name = program.name().replaceAll("[\"\\\\\\s]", "_");
        return s.append("#line 1 \"").append(name).append("\"\n").toString();
    }

    private static void append(StringBuilder s, String text) {
        s.append(text);
        if (!text.endsWith("\n")) {
            s.append('\n');
        }
    }

    /** Text of a resource in the package of {@code room}. */
    public static String load(Class<?> room, String file) {
        return TEXTS.computeIfAbsent(
                room.getPackageName() + "/" + file,
                k -> {
                    try (InputStream in = room.getResourceAsStream(file)) {
                        if (in == null) {
                            throw new TataraException("kernel source " + k + " is not in the jar");
                        }
                        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                });
    }
}
