package io.tatara.kernels.jvm;

/** What a kernel on the JVM may use besides its arguments. */
public interface JvmContext {
    Workers workers();

    /** The vector primitives of this JVM: vector unit or plain loops. */
    Lanes lanes();

    /**
     * Scratch memory of at least n floats, contents undefined, to be handed back by {@link
     * #release} (in a finally). Pooled, so cheap; may be called from worker threads.
     */
    float[] acquire(int n);

    void release(float[] scratch);
}
