package io.tatara.runtime.spi;

import io.tatara.kernels.jvm.PackCache;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What is kept beside a long-lived weight: copies in the kernels' own layouts, dropped when it is
 * written.
 */
public final class Weight implements PackCache {
    private final Map<Object, Object> copies = new HashMap<>();

    @Override
    @SuppressWarnings("unchecked")
    public synchronized <T> T get(Object key, Supplier<T> make) {
        Object c = copies.get(key);
        if (c == null) {
            c = make.get();
            copies.put(key, c);
        }
        return (T) c;
    }

    /** To be called after each write to the weight. */
    public synchronized void written() {
        copies.clear();
    }
}
