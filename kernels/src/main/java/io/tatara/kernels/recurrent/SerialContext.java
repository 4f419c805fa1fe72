package io.tatara.kernels.recurrent;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.jvm.Workers;

/** The same context for the inside of one worker: nothing in it is spread any further. */
record SerialContext(JvmContext outer) implements JvmContext {
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
