package io.tatara.kernels.jvm;

/** A context without its threads, for work inside a piece of parallel work. */
public record SerialContext(JvmContext outer) implements JvmContext {
    @Override
    public Workers workers() {
        return Workers.SERIAL;
    }

    @Override
    public Lanes lanes() {
        return outer.lanes();
    }

    @Override
    public float[] acquire(int n) {
        return outer.acquire(n);
    }

    @Override
    public void release(float[] scratch) {
        outer.release(scratch);
    }
}
