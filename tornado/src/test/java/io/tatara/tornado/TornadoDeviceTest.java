package io.tatara.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.DType;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.matmul.MatMul;
import io.tatara.kernels.optimizer.GlobalNorm;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pointwise.Pointwise;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.OutOfDeviceMemoryException;
import io.tatara.runtime.UnsupportedOpException;
import io.tatara.runtime.check.Check;
import io.tatara.runtime.check.CorrectnessSuite;
import io.tatara.runtime.check.Options;
import io.tatara.runtime.check.Result;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Invocation;
import io.tatara.runtime.spi.Memory;
import io.tatara.runtime.spi.Replay;
import io.tatara.tornado.kernels.Copies;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.assertj.core.api.ThrowableAssert;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * What the suite cannot see: threads, copies in pieces, memory that runs out, kernels that are not
 * there.
 */
class TornadoDeviceTest {
    private static BackEndDevice device;

    @BeforeAll
    static void open() {
        TornadoBackEnd backEnd = new TornadoBackEnd();
        List<DeviceInfo> devices = backEnd.discover().devices();
        Assumptions.assumeFalse(devices.isEmpty(), () -> backEnd.discover().absences().toString());
        device = backEnd.open(devices.getFirst());
    }

    @AfterAll
    static void close() {
        if (device != null) {
            device.close();
        }
    }

    private static Binding tensor(float... values) {
        TensorSpec spec = TensorSpec.f32(values.length);
        Memory m = device.allocate(DType.FLOAT32, values.length);
        device.upload(MemorySegment.ofArray(values), m);
        return new Binding(spec, m, null);
    }

    private static float[] values(Binding b) {
        float[] f = new float[b.spec().size()];
        device.download(b.memory(), MemorySegment.ofArray(f));
        return f;
    }

    @Test
    void copiesInPiecesOfAnyLength() {
        for (int n : new int[] {1, 255, 256, 257, (1 << 14) + 1, (1 << 20) + 3, (2 << 20) + 77}) {
            float[] f = new float[n];
            for (int i = 0; i < n; i++) {
                f[i] = i % 9973;
            }
            Binding b = tensor(f);
            assertThat(values(b)).isEqualTo(f);
            device.release(b.memory());
        }
    }

    /** 16-bit numbers, also an odd number of them: what shares the last word stays. */
    @Test
    void copiesHalves() {
        Memory m = device.allocate(DType.BFLOAT16, 9);
        assertThat(m.bytes()).isEqualTo(20);
        short[] all = new short[10];
        for (int i = 0; i < 10; i++) {
            all[i] = (short) (0x7fff - 1111 * i);
        }
        device.upload(MemorySegment.ofArray(all), m);
        for (int n : new int[] {1, 7}) {
            short[] some = Arrays.copyOf(new short[] {1, -2, 3, -4, 5, -6, 7}, n);
            device.upload(MemorySegment.ofArray(some), m);
            System.arraycopy(some, 0, all, 0, n);
            short[] odd = new short[n];
            device.download(m, MemorySegment.ofArray(odd));
            assertThat(odd).isEqualTo(some);
            short[] got = new short[10];
            device.download(m, MemorySegment.ofArray(got));
            assertThat(got).isEqualTo(all);
        }
        assertThatThrownBy(() -> device.upload(MemorySegment.ofArray(new byte[3]), m))
                .isInstanceOf(DeviceException.class);
        device.release(m);
    }

    @Test
    void threadsShareADevice() throws Exception {
        Pointwise op = Pointwise.of(Exprs.add(Exprs.scale(Exprs.in(0), 2), Exprs.in(1)));
        Callable<Boolean> work =
                () -> {
                    boolean right = true;
                    for (int k = 1; k < 40; k++) {
                        float[] x = new float[k];
                        float[] want = new float[k];
                        for (int i = 0; i < k; i++) {
                            x[i] = i + k;
                            want[i] = 3 * x[i];
                        }
                        Binding a = tensor(x);
                        Binding y = tensor(new float[k]);
                        device.execute(op, new Binding[] {a, a}, new Binding[] {y});
                        right &= Arrays.equals(values(y), want);
                        device.release(a.memory());
                        device.release(y.memory());
                    }
                    return right;
                };
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (var f : threads.invokeAll(List.of(work, work, work, work))) {
                assertThat(f.get()).isTrue();
            }
        }
    }

    /** One kernel serves all sizes: what changes is data. */
    @Test
    void changesOfShapeCompileNothing() {
        Binding a = tensor(new float[64 * 64]);
        MatMul op = new MatMul(false, false, new Epilogue(Activation.NONE));
        long[] nanos = new long[2];
        for (int round = 0; round < 2; round++) {
            long start = System.nanoTime();
            for (int m = 33; m < 53; m++) {
                TensorSpec s = TensorSpec.f32(m, m);
                Binding x = new Binding(s, a.memory(), null);
                Binding y = new Binding(s, device.allocate(DType.FLOAT32, m * m), null);
                device.execute(op, new Binding[] {x, x}, new Binding[] {y});
                device.release(y.memory());
            }
            nanos[round] = System.nanoTime() - start;
        }
        // A compilation takes some tenths of a second.
        assertThat(nanos[1] / 20).isLessThan(200_000_000L);
    }

    /** A recorded list reads what stands in its memory at each run, temporary buffers included. */
    @Test
    void replaysRecordedInvocations() {
        int n = 5000;
        float[] ones = new float[n];
        Arrays.fill(ones, 1);
        Binding x = tensor(ones);
        Binding y = tensor(new float[n]);
        Binding sum = tensor(new float[1]);
        Pointwise twice = Pointwise.of(Exprs.scale(Exprs.in(0), 2));
        GlobalNorm norm = new GlobalNorm(1);
        Replay replay =
                device.record(
                        List.of(
                                new Invocation(twice, new Binding[] {x}, new Binding[] {y}),
                                new Invocation(
                                        norm,
                                        new Binding[] {y},
                                        new Binding[] {
                                            new Binding(TensorSpec.f32(), sum.memory(), null)
                                        })));
        for (int k = 1; k <= 3; k++) {
            Arrays.fill(ones, k);
            device.upload(MemorySegment.ofArray(ones), x.memory());
            replay.run();
            assertThat(values(sum)[0]).isEqualTo((float) (2 * k * Math.sqrt(n)));
            assertThat(values(y)[n - 1]).isEqualTo(2 * k);
        }
        replay.close();
        replay.close();
    }

    @Test
    void refusesWhatItCannotHold() {
        assertThatThrownBy(() -> device.allocate(DType.FLOAT64, 3))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("float64");
        assertThatThrownBy(() -> device.allocate(DType.FLOAT32, Integer.MAX_VALUE - 8))
                .isInstanceOf(OutOfDeviceMemoryException.class)
                .hasMessageContaining("tatara.tornado.memory");
        Binding b = tensor(1, 2, 3);
        assertThatThrownBy(() -> device.upload(MemorySegment.ofArray(new float[4]), b.memory()))
                .isInstanceOf(DeviceException.class);
        assertThatThrownBy(() ->
                        device.execute(
                                Pointwise.of(Exprs.neg(Exprs.in(0))),
                                new Binding[] {new Binding(TensorSpec.f32(4), b.memory(), null)},
                                new Binding[] {b}))
                .isInstanceOf(DeviceException.class);
    }

    @Test
    void namesTheKernelThatIsNotThere() {
        GpuPlan plan =
                GpuPlan.builder()
                        .launch1d(
                                GpuProgram.of("room/none.cl", ""), "nothing", 1, 1, GpuPlan.out(0))
                        .build();
        TensorSpec[] specs = {TensorSpec.f32(1)};
        assertThatThrownBy(() -> LaunchPlan.of(Pointwise.of(Exprs.in(0)), plan, specs, specs))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("room/none.cl nothing");
    }

    private static boolean held(TensorSpec[] specs) {
        return Arrays.stream(specs).allMatch(s -> s == null || s.dtype().bytes() <= 4);
    }

    @Test
    void hasKernelsForTheTablesOps() {
        for (OpEntry<?> entry : OpTable.all()) {
            for (Case c : entry.cases().get()) {
                TensorSpec[] in = c.specs();
                TensorSpec[] out = c.op().infer(in);
                if (!entry.gpu().isEmpty() && held(in) && held(out)) {
                    assertThat(((TornadoDevice) device).plan(c.op(), in, out))
                            .as(c.toString())
                            .isNotNull();
                }
            }
        }
    }

    /** As where an op has no Java kernel; its checks are no failures. */
    @Test
    void checksWithoutAKernelAreSkipped() {
        BackEndDevice without =
                (BackEndDevice)
                        Proxy.newProxyInstance(
                                BackEndDevice.class.getClassLoader(),
                                new Class<?>[] {BackEndDevice.class},
                                (proxy, method, args) -> {
                                    if (method.getName().equals("execute")) {
                                        throw new UnsupportedOpException("no Java kernel");
                                    }
                                    return method.invoke(device, args);
                                });
        Options options = Options.all().withOp("arg_max").withSize(Options.Size.SMALLEST);
        List<Result> results =
                new CorrectnessSuite(without, options).checks().stream().map(Check::run).toList();
        assertThat(results).isNotEmpty().allMatch(r -> r.status() == Result.Status.SKIPPED);
        assertThat(results).anyMatch(r -> r.message().contains("no Java kernel"));
    }

    /** The temporary buffer of a norm does not fit; once there is room again it runs. */
    @Test
    void staysUsableWhereTemporaryBuffersDoNotFit() {
        Binding x = tensor(3, 4);
        Binding y = tensor(0);
        Binding norm = new Binding(TensorSpec.f32(), y.memory(), null);
        GlobalNorm op = new GlobalNorm(1);
        List<Memory> all = new ArrayList<>();
        for (int n = 1 << 28; n > 0; n = n / 2) {
            try {
                while (true) {
                    all.add(device.allocate(DType.FLOAT32, n));
                }
            } catch (OutOfDeviceMemoryException e) {
                // Half of it, then.
            }
        }
        Binding[] in = {x};
        Binding[] out = {norm};
        assertThatThrownBy(() -> device.execute(op, in, out))
                .isInstanceOf(OutOfDeviceMemoryException.class)
                .hasMessageContaining("temporary buffers");
        all.forEach(device::release);
        device.execute(op, in, out);
        assertThat(values(y)).containsExactly(5);
    }

    /** The other kernels go on. */
    @Test
    void aKernelThatDoesNotCompileIsAnError() {
        var wrong = entry(0, "wrong", Faults::fKernel);
        var right = entry(1, "right", Copies::copyHeap);
        var first = TornadoRuntimeProvider.getTornadoRuntime().getBackend(0).getDevice(0);
        int[] one = {1, 1, 1};
        try (Session session = new Session(first, 1 << 16, 1 << 16, List.of(wrong, right))) {
            float[] x = {7, 8};
            session.write(MemorySegment.ofArray(x), 0, false);
            var fails = new Launch(wrong, new int[4], one, one);
            assertThatThrownBy(() -> session.launch("broken", List.of(fails)))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("broken");
            int[] args = {0, 1, 1, 0};
            session.launch("copy", List.of(new Launch(right, args, one, one)));
            session.read(0, MemorySegment.ofArray(x), false);
            assertThat(x).containsExactly(7, 7);
        }
    }

    private static KernelTable.Entry entry(int number, String name, KernelTable.Code code) {
        return new KernelTable.Entry(number, name, List.of(), -1, Set.of(), code, null);
    }

    @Test
    void anInterruptWaitsForTheDevice() {
        Binding x = tensor(1, 2);
        Binding y = tensor(0, 0);
        Thread.currentThread().interrupt();
        device.execute(Pointwise.of(Exprs.neg(Exprs.in(0))), new Binding[] {x}, new Binding[] {y});
        assertThat(Thread.interrupted()).isTrue();
        assertThat(values(y)).containsExactly(-1, -2);
    }

    @Test
    void refusesExpressionsThatAreTooLong() {
        var e = Exprs.in(0);
        for (int i = 0; i < 110; i++) {
            e = Exprs.offset(Exprs.unary(io.tatara.kernels.pointwise.UnaryOp.SIN, e), i + 1);
        }
        Pointwise op = Pointwise.of(e);
        Binding b = tensor(1);
        assertThatThrownBy(() -> device.execute(op, new Binding[] {b}, new Binding[] {tensor(0)}))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("too long");
    }

    private static void refused(ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(DeviceException.class).hasMessageContaining("closed");
    }

    @Test
    void isClosedForGood() {
        TornadoBackEnd backEnd = new TornadoBackEnd();
        DeviceInfo info = device.info();
        BackEndDevice other = backEnd.open(info);
        Memory m = other.allocate(DType.INT32, 5);
        Memory f = other.allocate(DType.FLOAT32, 5);
        assertThatThrownBy(() -> device.release(m)).isInstanceOf(DeviceException.class);
        Pointwise op = Pointwise.of(Exprs.neg(Exprs.in(0)));
        Binding[] b = {new Binding(TensorSpec.f32(5), f, null)};
        Replay replay = other.record(List.of(new Invocation(op, b, b)));
        MemorySegment host = MemorySegment.ofArray(new float[5]);
        other.close();
        other.close();
        other.release(m);
        refused(() -> other.allocate(DType.FLOAT32, 1));
        refused(() -> other.upload(host, f));
        refused(() -> other.download(f, host));
        refused(() -> other.execute(op, b, b));
        refused(() -> other.record(List.of(new Invocation(op, b, b))));
        refused(replay::run);
        replay.close();
        DeviceInfo none =
                new DeviceInfo("tornado", 99, "none", "", DeviceInfo.Kind.OTHER, 0, Map.of());
        assertThatThrownBy(() -> backEnd.open(none)).hasMessageContaining("not there");
    }
}
