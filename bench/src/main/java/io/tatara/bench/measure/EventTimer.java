package io.tatara.bench.measure;

import io.tatara.kernels.check.Case;
import io.tatara.runtime.spi.BackEndDevice;

/** Times by the device's own events, one run a sample. */
final class EventTimer implements CaseTimer {
    /** What GPUs have at most, nearly: level-2 caches of 40 to 96 MiB. */
    private static final long GPU_CACHE = 64L << 20;

    private static final int LEAST = 15;
    private static final int MOST = 200;

    private final BackEndDevice device;
    private final boolean quick;
    private final long cache;

    EventTimer(BackEndDevice device, boolean quick) {
        this.device = device;
        this.quick = quick;
        this.cache =
                device.info().kind() == io.tatara.runtime.spi.DeviceInfo.Kind.CPU
                        ? Cpu.cache()
                        : GPU_CACHE;
    }

    @Override
    public double[] time(Case c) {
        try (CaseRun run = new CaseRun(device, c, cache)) {
            repeat(run, 3, quick ? 5 : 50, quick ? 0.05 : 0.3);
            return repeat(run, quick ? 5 : LEAST, quick ? 20 : MOST, quick ? 0.1 : 1.0);
        }
    }

    private double[] repeat(CaseRun run, int least, int most, double seconds) {
        double[] samples = new double[most];
        long end = System.nanoTime() + (long) (seconds * 1e9);
        int n = 0;
        while (n < least || (n < most && System.nanoTime() < end)) {
            samples[n++] = device.time(run::run) * 1e-9;
        }
        return java.util.Arrays.copyOf(samples, n);
    }

    @Override
    public int sets(Case c) {
        return CaseRun.sets(c, cache);
    }

    @Override
    public String describe() {
        return "device events, one run a sample" + (quick ? ", quick" : "");
    }
}
