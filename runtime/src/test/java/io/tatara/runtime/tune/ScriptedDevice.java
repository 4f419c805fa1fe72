package io.tatara.runtime.tune;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Memory;
import io.tatara.runtime.spi.PlanRunner;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/** Computes nothing and takes the time that the script says. */
final class ScriptedDevice implements BackEndDevice, PlanRunner {
    static final GpuTraits CPU =
            new GpuTraits(GpuTraits.Api.OPENCL, true, 2, 4096, 1 << 20, 0, 0, false, 0, 16);

    final List<String> ran = new ArrayList<>();
    private final DeviceInfo info;
    private final ToLongFunction<String> script;

    /**
     * @param script nanoseconds of a variant; below 0 it fails
     */
    ScriptedDevice(String driver, ToLongFunction<String> script) {
        this.info =
                new DeviceInfo(
                        "opencl", 0, "Scripted (TM) 1", driver, DeviceInfo.Kind.CPU, 0, Map.of());
        this.script = script;
    }

    @Override
    public DeviceInfo info() {
        return info;
    }

    @Override
    public GpuTraits traits() {
        return CPU;
    }

    @Override
    public long time(Runnable work) {
        work.run();
        return script.applyAsLong(ran.getLast());
    }

    @Override
    public void execute(GpuKernel<?> kernel, Op op, Binding[] in, Binding[] out) {
        ran.add(kernel.variant());
        if (script.applyAsLong(kernel.variant()) < 0) {
            throw new DeviceException(kernel.variant() + " does not compile\nline 2 of the log");
        }
    }

    @Override
    public void run(GpuPlan plan, Binding[] in, Binding[] out) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Object storageClass(DType dtype) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Memory allocate(DType dtype, int elements) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void release(Memory memory) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void upload(MemorySegment from, Memory to) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void download(Memory from, MemorySegment to) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void execute(Op op, Binding[] in, Binding[] out) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void synchronize() {}

    @Override
    public Object handle(Memory memory) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
