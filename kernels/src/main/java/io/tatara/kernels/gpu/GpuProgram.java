package io.tatara.kernels.gpu;

import io.tatara.kernels.DType;
import io.tatara.kernels.TataraException;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Source text with its specialization constants. Value equality: the program cache keys on it.
 *
 * @param name for messages, such as {@code matmul/matmul.cl}
 * @param source the text without the portable header, which every program gets
 * @param defines macro definitions ({@code -D}), sorted
 * @param headers headers of device functions beyond the portable one, such as {@code tensor.cuh},
 *     in order; a program that names any is CUDA C alone
 */
public record GpuProgram(
        String name, String source, SortedMap<String, String> defines, List<String> headers) {
    public GpuProgram {
        headers = List.copyOf(headers);
    }

    /** A source that stands as a resource beside {@code room}; defines as name, value pairs. */
    public static GpuProgram resource(Class<?> room, String file, Object... defines) {
        return of(folder(room) + "/" + file, GpuSources.load(room, file), defines);
    }

    /**
     * A source for OpenCL on CPUs that stands as a resource beside {@code room}, behind {@code
     * vectors.cl}; defines as name, value pairs.
     */
    public static GpuProgram vectors(Class<?> room, String file, Object... defines) {
        String name = folder(room) + "/" + file;
        String text =
                GpuSources.load(GpuSources.class, "vectors.cl")
                        + "#line 1 \""
                        + name
                        + "\"\n"
                        + GpuSources.load(room, file);
        return of(name, text, defines);
    }

    /**
     * A CUDA source that stands as a resource beside {@code room}.
     *
     * @param headers files of device functions in this package's folder
     */
    public static GpuProgram cuda(
            Class<?> room, String file, List<String> headers, Object... defines) {
        return new GpuProgram(
                folder(room) + "/" + file, GpuSources.load(room, file), map(defines), headers);
    }

    /** Generated text; defines as name, value pairs. */
    public static GpuProgram of(String name, String source, Object... defines) {
        return new GpuProgram(name, source, map(defines), List.of());
    }

    /** The same with these headers of device functions: CUDA C alone from then on. */
    public GpuProgram withHeaders(List<String> files) {
        return new GpuProgram(name, source, defines, files);
    }

    /** The value of {@code STORAGE} in the portable header for tensors of this type. */
    public static int storage(DType dtype) {
        return switch (dtype) {
            case FLOAT32 -> 0;
            case FLOAT16 -> 1;
            case BFLOAT16 -> 2;
            default -> throw new TataraException(dtype + " is no storage type of real numbers");
        };
    }

    private static String folder(Class<?> room) {
        return room.getPackageName().substring(room.getPackageName().lastIndexOf('.') + 1);
    }

    private static SortedMap<String, String> map(Object... defines) {
        TreeMap<String, String> map = new TreeMap<>();
        for (int i = 0; i < defines.length; i += 2) {
            map.put(defines[i].toString(), defines[i + 1].toString());
        }
        return java.util.Collections.unmodifiableSortedMap(map);
    }
}
