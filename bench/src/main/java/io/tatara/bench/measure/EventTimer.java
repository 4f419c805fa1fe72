package io.tatara.bench.measure;

import io.tatara.kernels.check.Case;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.DeviceInfo;

/** Times by the device's own events, one run a sample. */
final class EventTimer implements CaseTimer {
    /** What GPUs have at most, nearly: level-2 caches of 40 to 96 MiB. */
    private static final long GPU_CACHE = 64L << 20;

    private static final int LEAST = 15;
    private static final int MOST = 200;

    private final BackEndDevice device;
    private final boolean quick;
    private final long cache;
    private final Delay delay;

    EventTimer(BackEndDevice device, boolean quick) {
        this.device = device;
        this.quick = quick;
        this.cache = device.info().kind() == DeviceInfo.Kind.CPU ? Cpu.cache() : GPU_CACHE;
        this.delay = Delay.of(device);
    }

    @Override
    public double[] time(Case c) {
        try (CaseRun run = new CaseRun(device, c, cache)) {
            double host = warm(run);
            int least = quick ? 5 : LEAST;
            int most = quick ? 20 : MOST;
            double[] samples = new double[most];
            long end = System.nanoTime() + (long) ((quick ? 0.1 : 1.0) * 1e9);
            int n = 0;
            while (n < least || (n < most && System.nanoTime() < end)) {
                if (delay != null) {
                    delay.enqueue(host);
                }
                samples[n++] = device.time(run::run) * 1e-9;
            }
            return java.util.Arrays.copyOf(samples, n);
        }
    }

    /** Runs until clocks and caches have settled; seconds that the host needs to enqueue a run. */
    private double warm(CaseRun run) {
        double host = Double.POSITIVE_INFINITY;
        long end = System.nanoTime() + (long) ((quick ? 0.05 : 0.3) * 1e9);
        int most = quick ? 5 : 50;
        for (int n = 0; n < 3 || (n < most && System.nanoTime() < end); n++) {
            long begin = System.nanoTime();
            run.run();
            host = Math.min(host, (System.nanoTime() - begin) * 1e-9);
            device.synchronize();
        }
        return 1.5 * host + 20e-6;
    }

    @Override
    public int sets(Case c) {
        return CaseRun.sets(c, cache);
    }

    @Override
    public String describe() {
        return "device events, one run a sample"
                + (delay == null ? "" : ", enqueued while the device is kept busy")
                + (quick ? ", quick" : "");
    }

    @Override
    public void close() {
        if (delay != null) {
            delay.close();
        }
    }
}
