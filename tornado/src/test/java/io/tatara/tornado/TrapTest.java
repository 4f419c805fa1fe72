package io.tatara.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.tornado.kernels.Fn;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task3;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Traps of TornadoVM that give wrong numbers without a word: the form that the kernels use must be
 * right, whole arrays compared. The wrong forms run too, and what became of them is printed: where
 * all are right, a later TornadoVM has mended them.
 */
class TrapTest {
    private static final int N = 64;
    private static int graphs;

    @BeforeEach
    void tornado() {
        Assumptions.assumeTrue(TornadoFlags.absence() == null, TornadoFlags::absence);
        Assumptions.assumeFalse(TornadoDevices.find().devices().isEmpty(), "no device");
    }

    private static <X extends TornadoNativeArray, Y extends TornadoNativeArray> void run(
            Task3<KernelContext, X, Y> code, X x, Y y, int items, int local, String flags)
            throws Exception {
        String name = "trap" + graphs++;
        TaskGraph g =
                new TaskGraph(name)
                        .transferToDevice(DataTransferMode.EVERY_EXECUTION, x, y)
                        .task("t", code, new KernelContext(), x, y)
                        .transferToHost(DataTransferMode.EVERY_EXECUTION, y);
        WorkerGrid1D grid = new WorkerGrid1D(items);
        grid.setLocalWork(local, 1, 1);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(g.snapshot())) {
            if (flags != null) {
                plan.withCompilerFlags(TornadoVMBackendType.OPENCL, flags);
            }
            plan.withGridScheduler(new GridScheduler(name + ".t", grid)).execute();
        }
    }

    private static float[] floats(
            Task3<KernelContext, FloatArray, FloatArray> code, FloatArray x, String flags)
            throws Exception {
        FloatArray y = new FloatArray(N);
        run(code, x, y, N, N, flags);
        return y.toHeapArray();
    }

    private static void told(String fault, boolean wrong) {
        System.out.println("TornadoVM: " + fault + ": " + (wrong ? "still wrong" : "right"));
    }

    private static FloatArray ramp() {
        FloatArray x = new FloatArray(N);
        for (int i = 0; i < N; i++) {
            x.set(i, (i * 37 % 64) - 20.5f);
        }
        return x;
    }

    @Test
    void unsignedShift() throws Exception {
        IntArray x = new IntArray(N);
        int[] want = new int[N];
        for (int i = 0; i < N; i++) {
            x.set(i, (i - 32) * 0x3a5f117);
            want[i] = x.get(i) >>> 4;
        }
        IntArray y = new IntArray(N);
        run(Faults::sUnsignedShift, x, y, N, N, "-w");
        assertThat(y.toHeapArray()).isEqualTo(want);
        run(Faults::fUnsignedShift, x, y, N, N, "-w");
        told("unsigned shift", !Arrays.equals(y.toHeapArray(), want));
    }

    @Test
    void localArrayPassedToAMethod() throws Exception {
        FloatArray x = ramp();
        float sum = 0;
        for (int i = 0; i < N; i++) {
            sum += x.get(i);
        }
        float[] want = new float[N];
        Arrays.fill(want, sum);
        assertThat(floats(Faults::sLocalArrayPassed, x, "-w")).isEqualTo(want);
        told(
                "local array passed to a method",
                !Arrays.equals(floats(Faults::fLocalArrayPassed, x, "-w"), want));
    }

    @Test
    void privateArrayIsNotZeroed() throws Exception {
        FloatArray x = ramp();
        float[] want = x.toHeapArray();
        assertThat(floats(Faults::sPrivateArray, x, "-w")).isEqualTo(want);
        told("private array", !Arrays.equals(floats(Faults::fPrivateArray, x, "-w"), want));
    }

    @Test
    void notLessIsTrueOfNaN() throws Exception {
        FloatArray x = ramp();
        x.set(3, Float.NaN);
        x.set(40, 0);
        float[] want = new float[N];
        for (int i = 0; i < N; i++) {
            want[i] = x.get(i) >= 0 ? 1 : 0;
        }
        assertThat(floats(Faults::sNotLess, x, "-w")).isEqualTo(want);
        told(">= with NaN", !Arrays.equals(floats(Faults::fNotLess, x, "-w"), want));
    }

    @Test
    void loopsAtTheEndOfBothBranches() throws Exception {
        FloatArray x = ramp();
        float[] want = new float[N];
        for (int i = 0; i < N; i++) {
            float v = x.get(i) > 0 ? 0 : 1;
            for (int k = 0; x.get(i) > 0 && k <= i; k++) {
                v += k;
            }
            for (int k = 1; !(x.get(i) > 0) && k <= i % 5; k++) {
                v *= k;
            }
            want[i] = v;
        }
        assertThat(floats(Faults::sTwoLoops, x, "-w")).isEqualTo(want);
        told("loops in both branches", !Arrays.equals(floats(Faults::fTwoLoops, x, "-w"), want));
    }

    @Test
    void booleansMadeOfConditions() throws Exception {
        FloatArray x = ramp();
        int[] want = new int[N];
        int at = 0;
        for (int i = 0; i < N; i++) {
            at = x.get(i) > x.get(at) ? i : at;
            want[i] = at;
        }
        IntArray y = new IntArray(N);
        run(Faults::sBooleanOfConditions, x, y, N, N, "-w");
        assertThat(y.toHeapArray()).isEqualTo(want);
        run(Faults::fBooleanOfConditions, x, y, N, N, "-w");
        told("boolean of conditions", !Arrays.equals(y.toHeapArray(), want));
    }

    /** The standard flags relax arithmetic; a session asks for strict ones. */
    @Test
    void arithmeticIsNotRelaxed() throws Exception {
        FloatArray x = ramp();
        float[] want = new float[N];
        for (int i = 0; i < N; i++) {
            float big = 100000.0f + i;
            want[i] = (x.get(i) / 3 + big) - big;
        }
        for (int i = 0; i < N; i++) {
            x.set(i, x.get(i) / 3);
        }
        assertThat(floats(Faults::roundedTwice, x, Session.FLAGS)).isEqualTo(want);
        told("relaxed arithmetic", !Arrays.equals(floats(Faults::roundedTwice, x, null), want));
    }

    /** A kernel that does not compile must be an error, not a run of the Java method. */
    @Test
    void failedCompilationIsAnError() {
        assertThatThrownBy(() -> floats(Faults::fNotANumber, ramp(), "-w"))
                .hasStackTraceContaining("fNotANumber");
        assertThat(Fn.notANumber(3)).isNaN();
    }

    /** A global size that is no multiple of the local one leaves everything undone. */
    @Test
    void gridsAreWholeGroups() throws Exception {
        IntArray x = new IntArray(N);
        IntArray y = new IntArray(N);
        y.init(-7);
        boolean undone;
        try {
            run(Faults::grid, x, y, 60, 32, "-w");
            undone = y.get(0) == -7;
        } catch (RuntimeException e) {
            undone = true;
        }
        told("ragged grid", undone);
        run(Faults::grid, x, y, N, 32, "-w");
        int[] want = new int[N];
        Arrays.fill(want, 1);
        assertThat(y.toHeapArray()).isEqualTo(want);
    }

    /** Without a grid scheduler a kernel runs one item; the back end always sets one. */
    @Test
    void kernelsNeedAGrid() throws Exception {
        IntArray x = new IntArray(N);
        IntArray y = new IntArray(N);
        run(Faults::grid, x, y, N, 32, "-w");
        int[] want = y.toHeapArray();
        assertThat(want).containsOnly(1);
        y.init(-7);
        TaskGraph g =
                new TaskGraph("trap" + graphs++)
                        .transferToDevice(DataTransferMode.EVERY_EXECUTION, x, y)
                        .task("t", Faults::grid, new KernelContext(), x, y)
                        .transferToHost(DataTransferMode.EVERY_EXECUTION, y);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(g.snapshot())) {
            plan.execute();
        }
        told("no grid scheduler", !Arrays.equals(y.toHeapArray(), want));
    }

    /** A graph of too many tasks overflows a buffer; {@link TaskGraphs#TASKS} is below that. */
    @Test
    void graphsOfTooManyTasks() throws Exception {
        int tasks = 5 * TaskGraphs.TASKS;
        IntArray y = new IntArray(N);
        KernelContext c = new KernelContext();
        String name = "trap" + graphs++;
        TaskGraph g = new TaskGraph(name).transferToDevice(DataTransferMode.FIRST_EXECUTION, y);
        WorkerGrid1D grid = new WorkerGrid1D(N);
        grid.setLocalWork(32, 1, 1);
        GridScheduler scheduler = new GridScheduler();
        for (int i = 0; i < tasks; i++) {
            IntArray x = new IntArray(N);
            g.transferToDevice(DataTransferMode.FIRST_EXECUTION, x)
                    .task("t" + i, Faults::grid, c, x, y);
            scheduler.addWorkerGrid(name + ".t" + i, grid);
        }
        g.transferToHost(DataTransferMode.EVERY_EXECUTION, y);
        boolean failed;
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(g.snapshot())) {
            plan.withGridScheduler(scheduler).execute();
            failed = y.get(0) != 1;
        } catch (RuntimeException e) {
            failed = true;
        }
        told("too many tasks", failed);
    }
}
