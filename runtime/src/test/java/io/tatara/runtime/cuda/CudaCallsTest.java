package io.tatara.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.DType;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuPlan.Arg;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.OutOfDeviceMemoryException;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the driver is asked, in which order, and what becomes of its errors. */
class CudaCallsTest {
    private static final int[] ONE = {1, 1, 1};
    private static final GpuProgram PROGRAM =
            GpuProgram.of("test/t.cl", "KERNEL void t(GLOBAL float* y) { y[0] = 1; }\n");

    private final FakeDriver fake = new FakeDriver();
    private CudaDevice device;

    @BeforeEach
    void open() {
        device = CudaDevice.primary(fake.found(PROGRAM), ProgramCache.OFF);
        fake.calls.clear();
    }

    @AfterEach
    void close() {
        device.close();
    }

    private Binding tensor() {
        return new Binding(TensorSpec.f32(4), device.allocate(DType.FLOAT32, 4), null);
    }

    private void launch(Binding in, Binding out, Object... args) {
        launch(0, false, ONE, in, out, args);
    }

    private void launch(
            int shared,
            boolean cooperative,
            int[] groups,
            Binding in,
            Binding out,
            Object... args) {
        device.run(
                GpuPlan.builder()
                        .launch(PROGRAM, "t", groups, ONE, shared, cooperative, args)
                        .build(),
                new Binding[] {in},
                new Binding[] {out});
    }

    private void upload(Memory m) {
        device.upload(MemorySegment.ofArray(new float[4]), m);
    }

    private static String stream(CudaDevice d, boolean copies) {
        return "" + (copies ? d.context().copies() : d.context().compute());
    }

    @Test
    void argumentsLieWhereTheKernelReadsThem() {
        Binding x = tensor();
        Binding y = tensor();
        List<Long> seen = new ArrayList<>();
        fake.answers.put(
                "launch",
                a -> {
                    MemorySegment p = ((MemorySegment) a[5]).reinterpret(6 * 8);
                    for (int i = 0; i < 6; i++) {
                        MemorySegment v = p.getAtIndex(ValueLayout.ADDRESS, i).reinterpret(8);
                        seen.add(
                                i == 3 || i == 4
                                        ? v.get(ValueLayout.JAVA_INT, 0)
                                        : v.get(ValueLayout.JAVA_LONG, 0));
                    }
                    return null;
                });
        launch(x, y, GpuPlan.in(0), null, GpuPlan.out(0), 7, 1.5f, new Arg.Semaphores());
        assertThat(seen.subList(0, 5))
                .containsExactly(
                        ((CudaMemory) x.memory()).pointer(),
                        0L,
                        ((CudaMemory) y.memory()).pointer(),
                        7L,
                        (long) Float.floatToRawIntBits(1.5f));
        assertThat(fake.drain("fill"))
                .containsExactly(
                        "fill[" + seen.get(5) + ", 0, 8192, " + stream(device, false) + "]");
        launch(x, y, GpuPlan.in(0), null, GpuPlan.out(0), 7, 1.5f, new Arg.Semaphores());
        assertThat(seen.get(11)).as("one buffer for the device").isEqualTo(seen.get(5));
    }

    /** As cuda.h lays CUlaunchConfig and CUlaunchAttribute out. */
    @Test
    void laterLaunchesOfAPlanMayBeginEarly() {
        Binding x = tensor();
        List<Integer> ints = new ArrayList<>();
        List<Long> stream = new ArrayList<>();
        fake.answers.put(
                "launchEarly",
                a -> {
                    MemorySegment c = ((MemorySegment) a[1]).reinterpret(56);
                    for (int i = 0; i < 7; i++) {
                        ints.add(c.getAtIndex(ValueLayout.JAVA_INT, i));
                    }
                    stream.add(c.get(ValueLayout.JAVA_LONG, 32));
                    assertThat(c.get(ValueLayout.JAVA_INT, 48)).as("attributes").isEqualTo(1);
                    MemorySegment one = c.get(ValueLayout.ADDRESS, 40).reinterpret(72);
                    assertThat(one.get(ValueLayout.JAVA_INT, 0)).as("id").isEqualTo(6);
                    assertThat(one.get(ValueLayout.JAVA_INT, 8)).as("value").isEqualTo(1);
                    return null;
                });
        int[] groups = {5, 4, 3};
        GpuPlan.Builder plan = GpuPlan.builder();
        plan.launch(PROGRAM, "t", groups, ONE, GpuPlan.in(0)).early(); // none before it
        plan.launch(PROGRAM, "t", groups, new int[] {2, 1, 6}, 16, false, new Object[0]).early();
        plan.launch(PROGRAM, "t", groups, ONE, GpuPlan.in(0));
        plan.launch(PROGRAM, "t", new int[] {0, 1, 1}, ONE, GpuPlan.in(0)).early(); // nothing
        fake.calls.clear();
        device.run(plan.build(), new Binding[] {x}, new Binding[] {x});
        assertThat(fake.drain("launch", "launchEarly"))
                .extracting(c -> c.substring(0, c.indexOf('[')))
                .containsExactly("launch", "launchEarly", "launch");
        assertThat(ints).containsExactly(5, 4, 3, 2, 1, 6, 16);
        assertThat(stream).containsExactly(device.context().compute());
        assertThatThrownBy(() ->
                        plan.launch(PROGRAM, "t", groups, ONE, 0, true, new Object[0]).early())
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void tensorMapsAreWrittenOncePerBuffer() {
        Arg map =
                new Arg.TensorMap(
                        GpuPlan.in(0),
                        32,
                        DType.FLOAT16,
                        List.of(64L, 8L),
                        List.of(128L),
                        List.of(64, 8),
                        128);
        GpuPlan plan =
                GpuPlan.builder()
                        .launch(PROGRAM, "t", ONE, ONE, 0, false, new Object[] {map})
                        .build();
        LaunchCheck check = new LaunchCheck(fake.found(PROGRAM));
        CudaPlan p = CudaPlan.of("test", plan, check, x -> 1);
        fake.calls.clear();
        CudaDriver driver = fake.driver();
        p.steps().getFirst().launch(driver, 5, new long[] {4096}, new long[0], new long[0], null);
        p.steps().getFirst().launch(driver, 5, new long[] {4096}, new long[0], new long[0], null);
        p.steps().getFirst().launch(driver, 5, new long[] {8192}, new long[0], new long[0], null);
        assertThat(fake.drain("encodeTiled"))
                .containsExactly(
                        "encodeTiled[*, 6, 2, 4128, *, *, 3]",
                        "encodeTiled[*, 6, 2, 8224, *, *, 3]");
        assertThatThrownBy(() ->
                        launch(
                                tensor(),
                                tensor(),
                                new Arg.TensorMap(
                                        GpuPlan.in(0),
                                        0,
                                        DType.FLOAT16,
                                        List.of(64L, 8L),
                                        List.of(100L),
                                        List.of(64, 8),
                                        128)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("stride 100");
    }

    @Test
    void uploadsWaitForThatMemorysUseAlone() {
        Binding a = tensor();
        Binding b = tensor();
        String copies = stream(device, true);
        String compute = stream(device, false);
        upload(a.memory());
        upload(b.memory());
        launch(a, a, GpuPlan.in(0)); // step 1 reads a
        assertThat(fake.drain("waitFor")).as("the kernel waits for the uploads").isNotEmpty();
        upload(b.memory()); // for step 2; leaves a mark behind step 1
        assertThat(fake.drain("waitFor", "synchronizeStream"))
                .as("nothing uses b: its upload runs beside step 1")
                .isEmpty();
        launch(b, b, GpuPlan.in(0)); // step 2
        assertThat(fake.drain("waitFor"))
                .singleElement()
                .asString()
                .as("it waits for the upload of b")
                .startsWith("waitFor[" + compute + ",");
        upload(a.memory()); // for step 3: behind step 1, beside step 2
        List<String> c = fake.drain("record", "waitFor", "upload");
        assertThat(c.getFirst()).as("a new mark behind step 2").contains(compute);
        String mark = c.getFirst().substring("record[".length(), c.getFirst().indexOf(','));
        assertThat(c.get(1))
                .as("waits for an older mark")
                .startsWith("waitFor[" + copies)
                .doesNotContain(mark);
        upload(b.memory());
        assertThat(fake.drain("waitFor"))
                .as("b is in use by step 2, so behind its mark")
                .containsExactly("waitFor[" + copies + ", " + mark + "]");
    }

    @Test
    void sharedMemoryWaitsBothWays() {
        Binding a = tensor();
        device.handle(a.memory());
        fake.calls.clear();
        upload(a.memory());
        List<String> c = fake.drain("record", "waitFor");
        assertThat(c.get(0)).contains(stream(device, false));
        assertThat(c.get(1)).startsWith("waitFor[" + stream(device, true));
        assertThat(c.getLast()).startsWith("waitFor[" + stream(device, false));
    }

    @Test
    void outOfMemoryIsTriedTwiceAndTold() {
        fake.fail("allocateAsync", CudaErrors.OUT_OF_MEMORY);
        tensor();
        assertThat(fake.drain("allocateAsync", "synchronizeStream", "trimPool"))
                .hasSize(5)
                .last()
                .asString()
                .startsWith("allocateAsync");
        fake.answers.put(
                "allocateAsync",
                a -> {
                    throw new CudaFailure("cuMemAllocAsync", 2, "CUDA_ERROR_OUT_OF_MEMORY");
                });
        assertThatThrownBy(this::tensor)
                .isInstanceOf(OutOfDeviceMemoryException.class)
                .hasMessageContaining("16 bytes asked")
                .hasMessageContaining("100 of 200 free");
        fake.answers.remove("allocateAsync");
        tensor();
    }

    @Test
    void anErrorThatStaysIsToldOnceAndForAll() {
        Binding y = tensor();
        fake.fail("launch", 700);
        assertThatThrownBy(() -> launch(y, y, GpuPlan.out(0)))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("open it again");
        fake.calls.clear();
        assertThatThrownBy(() -> launch(y, y, GpuPlan.out(0)))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("open it again");
        assertThatThrownBy(device::synchronize).isInstanceOf(DeviceException.class);
        assertThat(fake.calls).as("the driver is left alone").isEmpty();
        device.release(y.memory());
        device.close();
        assertThat(fake.drain("releasePrimary")).hasSize(1);
    }

    @Test
    void otherErrorsLeaveTheDeviceUsable() {
        Binding y = tensor();
        fake.fail("launch", CudaErrors.LAUNCH_OUT_OF_RESOURCES);
        assertThatThrownBy(() -> launch(y, y, GpuPlan.out(0)))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("cuda:0 (fake)")
                .hasMessageContaining("t: launch");
        launch(y, y, GpuPlan.out(0));
    }

    @Test
    void launchesBeyondTheDeviceAreRefused() {
        Binding y = tensor();
        fake.calls.clear();
        assertThatThrownBy(() -> launch(300_000, false, ONE, y, y, GpuPlan.out(0)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("300000 bytes of dynamic shared memory");
        assertThatThrownBy(() -> launch(0, true, new int[] {9, 1, 1}, y, y, GpuPlan.out(0)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("9 groups")
                .hasMessageContaining("at most 8");
        fake.answers.put("parameters", a -> new int[] {8, 4});
        assertThatThrownBy(() -> launch(y, y, GpuPlan.out(0)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("1 arguments");
        assertThatThrownBy(() -> launch(y, y, GpuPlan.out(0), GpuPlan.in(0)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("argument 1 of 8 bytes");
        assertThat(fake.drain("launch")).isEmpty();
        fake.answers.put("parameters", a -> new int[] {8});
        launch(60_000, true, new int[] {8, 1, 1}, y, y, GpuPlan.out(0));
        assertThat(fake.drain("setFunctionAttribute", "launch"))
                .first()
                .asString()
                .contains("[8, ")
                .endsWith("60000]");
    }

    @Test
    void aProgramThatWasNotPackedNamesTheRemedies() {
        GpuProgram other = GpuProgram.of("test/o.cl", "KERNEL void t() {}");
        assertThatThrownBy(() ->
                        device.run(
                                GpuPlan.builder().launch(other, "t", ONE, ONE).build(),
                                new Binding[0],
                                new Binding[0]))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("test/o.cl")
                .hasMessageContaining("/looked/here")
                .hasMessageContaining("opencl");
    }

    @Test
    void closingGivesEverythingBack() {
        Binding y = tensor();
        upload(y.memory());
        launch(y, y, new Arg.Semaphores());
        device.download(y.memory(), MemorySegment.ofArray(new float[4]));
        device.close();
        List<String> made = fake.calls;
        long freed = made.stream().filter(c -> c.startsWith("freeAsync")).count();
        long hosts = made.stream().filter(c -> c.startsWith("freeHost")).count();
        assertThat(freed).as("the tensor and the semaphores").isEqualTo(2);
        assertThat(hosts).as("a piece each way").isEqualTo(2);
        assertThat(made.getLast()).startsWith("releasePrimary");
        assertThat(made.stream().filter(c -> c.startsWith("unload"))).hasSize(1);
    }
}
