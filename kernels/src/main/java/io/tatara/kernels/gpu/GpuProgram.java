package io.tatara.kernels.gpu;

import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Source text with its specialization constants. Value equality: the program cache keys on it.
 *
 * @param name for messages, such as {@code matmul/matmul.cl}
 * @param source the text without the portable header, which every program gets
 * @param defines macro definitions ({@code -D}), sorted
 */
public record GpuProgram(String name, String source, SortedMap<String, String> defines) {
    /** A source that stands as a resource beside {@code room}; defines as name, value pairs. */
    public static GpuProgram resource(Class<?> room, String file, Object... defines) {
        String folder = room.getPackageName().substring(room.getPackageName().lastIndexOf('.') + 1);
        return of(folder + "/" + file, GpuSources.load(room, file), defines);
    }

    /** Generated text; defines as name, value pairs. */
    public static GpuProgram of(String name, String source, Object... defines) {
        TreeMap<String, String> map = new TreeMap<>();
        for (int i = 0; i < defines.length; i += 2) {
            map.put(defines[i].toString(), defines[i + 1].toString());
        }
        return new GpuProgram(name, source, java.util.Collections.unmodifiableSortedMap(map));
    }
}
