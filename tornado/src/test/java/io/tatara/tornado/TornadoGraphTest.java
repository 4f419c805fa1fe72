package io.tatara.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.matmul.MatMul;
import io.tatara.kernels.optimizer.GlobalNorm;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pointwise.Pointwise;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.check.Check;
import io.tatara.runtime.check.CorrectnessSuite;
import io.tatara.runtime.check.Options;
import io.tatara.runtime.check.Result;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.Invocation;
import io.tatara.runtime.spi.Memory;
import io.tatara.runtime.spi.Replay;
import io.tatara.tornado.kernels.Copies;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** Recorded graphs as task graphs: the numbers of the launches one by one, and nothing left. */
class TornadoGraphTest {
    private static final String SETTING = "tatara.tornado.graphs";
    private static final int SIDE = 24;
    private static final int N = SIDE * SIDE;

    private static BackEndDevice device;

    @BeforeAll
    static void open() {
        TornadoBackEnd backEnd = new TornadoBackEnd();
        Assumptions.assumeFalse(
                backEnd.discover().devices().isEmpty(),
                () -> backEnd.discover().absences().toString());
        device = backEnd.open(backEnd.discover().devices().getFirst());
    }

    @AfterEach
    void standard() {
        System.clearProperty(SETTING);
    }

    @AfterAll
    static void close() {
        if (device != null) {
            device.close();
        }
    }

    private static Binding tensor(int rows, int columns) {
        TensorSpec spec = TensorSpec.f32(rows, columns);
        return new Binding(spec, device.allocate(DType.FLOAT32, spec.size()), null);
    }

    private static Invocation op(io.tatara.kernels.Op op, Binding out, Binding... in) {
        return new Invocation(op, in, new Binding[] {out});
    }

    /** 33 ops in place of one another, of kernels with and without temporary buffers. */
    private static List<Invocation> work(Binding x, Binding y, Binding norm) {
        MatMul product = new MatMul(false, false, new Epilogue(Activation.NONE));
        Pointwise mix =
                Pointwise.of(
                        Exprs.add(Exprs.scale(Exprs.in(0), 0.5), Exprs.scale(Exprs.in(1), 0.04)));
        Binding scalar = new Binding(TensorSpec.f32(), norm.memory(), null);
        List<Invocation> list = new ArrayList<>();
        for (int i = 0; i < 11; i++) {
            list.add(op(product, y, x, x));
            list.add(op(mix, x, x, y));
            list.add(op(new GlobalNorm(1), scalar, x));
        }
        return list;
    }

    private static float[] values(Binding b) {
        float[] f = new float[b.spec().size()];
        device.download(b.memory(), MemorySegment.ofArray(f));
        return f;
    }

    private static void write(Binding b, int seed) {
        float[] f = new float[b.spec().size()];
        for (int i = 0; i < f.length; i++) {
            f[i] = ((i * 37 + seed * 11) % 64 - 31.5f) / 64;
        }
        device.upload(MemorySegment.ofArray(f), b.memory());
    }

    private static int held() {
        return ((TornadoDevice) device).recorded();
    }

    /**
     * Uploads, other ops and downloads stand between the replays; two graphs take turns on the same
     * tensors.
     */
    @Test
    void sameNumbersAsLaunchByLaunch() {
        Binding x = tensor(SIDE, SIDE);
        Binding y = tensor(SIDE, SIDE);
        Binding norm = tensor(1, 1);
        List<Invocation> work = work(x, y, norm);
        List<float[]> want = new ArrayList<>();
        for (String setting : new String[] {"off", "0", "2"}) {
            System.setProperty(SETTING, setting);
            Replay first = device.record(work);
            Replay second = device.record(work.subList(0, 20));
            List<float[]> got = new ArrayList<>();
            for (int k = 0; k < 4; k++) {
                write(x, k);
                first.run();
                got.add(values(x));
                got.add(values(norm));
                second.run();
                first.run();
                device.execute(work.get(1).op(), work.get(1).in(), work.get(1).out());
                got.add(values(x));
                got.add(values(y));
                got.add(values(norm));
            }
            boolean graphs = !setting.equals("off");
            assertThat(((TornadoReplay) first).compiled()).isEqualTo(graphs);
            assertThat(held()).isEqualTo(graphs ? 2 : 0);
            if (want.isEmpty()) {
                want.addAll(got);
                assertThat(want.getFirst()).doesNotContain(Float.NaN).doesNotContain(0);
            }
            assertThat(got).usingRecursiveComparison().isEqualTo(want);
            second.close();
            assertThat(held()).isEqualTo(graphs ? 1 : 0);
            write(x, 0);
            first.run();
            assertThat(values(x)).isEqualTo(want.getFirst());
            first.close();
            first.close();
            assertThat(held()).isZero();
        }
        for (Binding b : List.of(x, y, norm)) {
            device.release(b.memory());
        }
    }

    /**
     * Graphs of many tasks, also where all tasks are alike: the longest fits TornadoVM's buffer.
     */
    @Test
    void graphsHoldAsManyTasksAsTheyMay() {
        System.setProperty(SETTING, "0");
        Binding x = tensor(1, 32);
        Pointwise more = Pointwise.of(Exprs.offset(Exprs.in(0), 1));
        for (int n : new int[] {1, TaskGraphs.TASKS, 3 * TaskGraphs.TASKS + 1}) {
            List<Invocation> list = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                list.add(op(more, x, x));
            }
            device.upload(MemorySegment.ofArray(new float[32]), x.memory());
            try (Replay replay = device.record(list)) {
                replay.run();
                replay.run();
                assertThat(values(x)).containsOnly(2 * n);
            }
        }
        device.release(x.memory());
    }

    @Test
    void waitsBeforeItCompiles() {
        assertThat(TornadoReplay.patience(null, 50)).isEqualTo(TornadoReplay.AFTER);
        assertThat(TornadoReplay.patience(" ", TaskGraphs.LEAST - 1)).isNegative();
        assertThat(TornadoReplay.patience("off", 50)).isNegative();
        assertThat(TornadoReplay.patience("0", 1)).isZero();
        assertThat(TornadoReplay.patience("7", 50)).isEqualTo(7);
        assertThat(TornadoReplay.patience("0", 0)).isNegative();
        for (String wrong : new String[] {"on", "-1", "1e9"}) {
            assertThatThrownBy(() -> TornadoReplay.patience(wrong, 50))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining(wrong);
        }
    }

    /** A setting that is none is told before anything is kept. */
    @Test
    void refusesAWrongSetting() {
        System.setProperty(SETTING, "often");
        Binding x = tensor(1, 32);
        Binding norm = tensor(1, 1);
        Binding scalar = new Binding(TensorSpec.f32(), norm.memory(), null);
        List<Invocation> list = List.of(op(new GlobalNorm(1), scalar, x));
        assertThatThrownBy(() -> device.record(list)).hasMessageContaining("often");
        for (Binding b : List.of(x, norm)) {
            device.release(b.memory());
        }
    }

    /** A device that is closed first frees its graphs. */
    @Test
    void closesWithItsDevice() {
        System.setProperty(SETTING, "0");
        BackEndDevice other = new TornadoBackEnd().open(device.info());
        Memory m = other.allocate(DType.FLOAT32, N);
        Binding b = new Binding(TensorSpec.f32(N), m, null);
        other.upload(MemorySegment.ofArray(new float[N]), m);
        Pointwise more = Pointwise.of(Exprs.offset(Exprs.in(0), 1));
        Replay replay = other.record(List.of(op(more, b, b), op(more, b, b)));
        replay.run();
        float[] f = new float[N];
        other.download(m, MemorySegment.ofArray(f));
        assertThat(f).containsOnly(2);
        other.close();
        assertThatThrownBy(replay::run).hasMessageContaining("closed");
        replay.close();
    }

    /** TornadoVM's buffer overflows: an error, and everything else goes on. */
    @Test
    void aGraphOfTooManyTasksIsAnError() {
        var first = TornadoRuntimeProvider.getTornadoRuntime().getBackend(0).getDevice(0);
        var copy =
                new KernelTable.Entry(0, "copy", List.of(), -1, Set.of(), Copies::copyHeap, null);
        int[] one = {1, 1, 1};
        try (Session session = new Session(first, 1 << 16, 1 << 16, List.of(copy))) {
            float[] x = {7, 8};
            session.write(MemorySegment.ofArray(x), 0, false);
            List<TaskGraphs.Task> tasks = new ArrayList<>();
            for (int i = 0; i < 5 * TaskGraphs.TASKS; i++) {
                var launch = new Launch(copy, new int[] {0, 1, 1, 0}, one, one);
                tasks.add(new TaskGraphs.Task(launch, "t" + i));
            }
            TaskGraphs graphs = session.taskGraphs(List.of(tasks));
            assertThatThrownBy(() -> session.replay(graphs)).isInstanceOf(DeviceException.class);
            session.release(graphs);
            session.release(graphs);
            assertThat(session.recorded()).isZero();
            session.launch("copy", List.of(tasks.getFirst().launch()));
            session.read(0, MemorySegment.ofArray(x), false);
            assertThat(x).containsExactly(7, 7);
        }
    }

    /** Runs each op as a recorded graph. */
    private static BackEndDevice recording() {
        return (BackEndDevice)
                Proxy.newProxyInstance(
                        BackEndDevice.class.getClassLoader(),
                        new Class<?>[] {BackEndDevice.class},
                        (proxy, method, args) -> {
                            if (method.getName().equals("execute")) {
                                Invocation i =
                                        new Invocation(
                                                (io.tatara.kernels.Op) args[0],
                                                (Binding[]) args[1],
                                                (Binding[]) args[2]);
                                try (Replay replay = device.record(List.of(i))) {
                                    replay.run();
                                }
                                return null;
                            }
                            try {
                                return method.invoke(device, args);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    /** The first case of every op, as a task graph. */
    @Test
    void everyOpRunsAsTaskGraphs() {
        System.setProperty(SETTING, "0");
        Options small = Options.all().withSize(Options.Size.SMALLEST);
        Map<String, List<Check>> byOp =
                new CorrectnessSuite(recording(), small)
                        .checks().stream().collect(Collectors.groupingBy(Check::op));
        Set<String> without = new TreeSet<>(byOp.keySet());
        for (Map.Entry<String, List<Check>> op : byOp.entrySet()) {
            Result.Status status = Result.Status.SKIPPED;
            for (Check c : op.getValue()) {
                if (status == Result.Status.SKIPPED) {
                    Result r = c.run();
                    status = r.status();
                    assertThat(status).as(r.toString()).isNotEqualTo(Result.Status.FAILED);
                }
            }
            if (status == Result.Status.PASSED) {
                without.remove(op.getKey());
            }
        }
        assertThat(without).isEmpty();
        assertThat(held()).isZero();
    }
}
