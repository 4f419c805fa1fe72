package io.tatara.bench.measure;

import io.tatara.runtime.Device;
import io.tatara.runtime.Tatara;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One bench case on the JVM back end; {@link JmhTimer} runs it in JVMs of its own. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class JvmCaseBenchmark {
    /** {@code op/case}. */
    @Param("")
    public String id;

    private Device device;
    private CaseRun run;

    @Setup(Level.Trial)
    public void open() {
        device = Tatara.open("jvm");
        run = new CaseRun(device.backEnd(), BenchCases.byId(id), Cpu.cache());
        WarmUp.of(run::run);
    }

    /** Kernels write to memory, so nothing can be optimized away. */
    @Benchmark
    public void run() {
        run.run();
    }

    @TearDown(Level.Trial)
    public void close() {
        run.close();
        device.close();
    }
}
