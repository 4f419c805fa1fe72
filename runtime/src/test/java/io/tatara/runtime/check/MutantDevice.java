package io.tatara.runtime.check;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Memory;
import java.lang.foreign.MemorySegment;

/** A sound device whose results for one op are spoilt on purpose. */
final class MutantDevice implements BackEndDevice {
    /** Spoils the first output or an input; told how often the op ran before. */
    interface Mutation {
        void apply(MutantDevice device, Binding[] in, Binding[] out, int runsBefore);
    }

    private final BackEndDevice sound;
    private final String op;
    private final Mutation mutation;
    private int runs;

    MutantDevice(BackEndDevice sound, String op, Mutation mutation) {
        this.sound = sound;
        this.op = op;
        this.mutation = mutation;
    }

    /** Elements [0, n) of a tensor's memory; n may exceed the tensor. */
    int[] bits(Binding b, int n) {
        return HostBits.read(n, b.spec().dtype(), s -> sound.download(b.memory(), s));
    }

    void store(Binding b, int[] bits) {
        sound.upload(HostBits.segment(bits, b.spec().dtype()), b.memory());
    }

    @Override
    public void execute(Op o, Binding[] in, Binding[] out) {
        sound.execute(o, in, out);
        if (o.name().equals(op)) {
            mutation.apply(this, in, out, runs++);
        }
    }

    @Override
    public DeviceInfo info() {
        return sound.info();
    }

    @Override
    public Object storageClass(DType dtype) {
        return sound.storageClass(dtype);
    }

    @Override
    public Memory allocate(DType dtype, int elements) {
        return sound.allocate(dtype, elements);
    }

    @Override
    public void release(Memory memory) {
        sound.release(memory);
    }

    @Override
    public void upload(MemorySegment from, Memory to) {
        sound.upload(from, to);
    }

    @Override
    public void download(Memory from, MemorySegment to) {
        sound.download(from, to);
    }

    @Override
    public void synchronize() {
        sound.synchronize();
    }

    @Override
    public long time(Runnable work) {
        return sound.time(work);
    }

    @Override
    public Object handle(Memory memory) {
        return sound.handle(memory);
    }

    @Override
    public void close() {
        sound.close();
    }
}
