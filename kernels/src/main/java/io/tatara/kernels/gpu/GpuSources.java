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
