package io.tatara.kernels.jvm;

import java.util.function.Supplier;

/** Copies of a weight in a kernel's own layout, kept until the weight is written. Thread-safe. */
public interface PackCache {
    /**
     * The copy under this key (a value with equality: the layout's parameters), made by {@code
     * make} if it is not there or older than the weight.
     */
    <T> T get(Object key, Supplier<T> make);
}
