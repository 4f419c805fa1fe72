package io.tatara.runtime.spi;

/** Raw device memory; each back end has its own class for it. */
public interface Memory {
    /** Size in bytes. */
    long bytes();
}
