package io.tatara.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.OpException;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.optimizer.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Lifetimes, memory and threads of the runtime, on the JVM back end. */
class ScopeTest {
    @Test
    void closingAScopeEndsItsTensorsAndThoseWithin() {
        try (Device device = Tatara.open("jvm")) {
            Scope outer = device.scope();
            Tensor a = outer.full(1, 3);
            Scope inner = outer.child();
            Tensor b = inner.full(2, 3);
            outer.close();
            assertThat(a.isClosed()).isTrue();
            assertThat(b.isClosed()).isTrue();
            assertThatThrownBy(a::toFloats)
                    .isInstanceOf(ScopeException.class)
                    .hasMessageContaining("closed");
            assertThatThrownBy(() -> inner.ops().add(b, b)).isInstanceOf(ScopeException.class);
            assertThat(device.memory().inUse()).isZero();
            assertThat(device.openScopes()).isZero();
        }
    }

    @Test
    void aTensorEndsWithItsDevice() {
        Device device = Tatara.open("jvm");
        try (Scope scope = device.scope()) {
            Tensor a = scope.full(1, 3);
            device.close();
            for (ThrowingCallable use :
                    List.<ThrowingCallable>of(a::toFloats, () -> a.write(1f, 2f, 3f), a::handle)) {
                assertThatThrownBy(use)
                        .isInstanceOf(DeviceException.class)
                        .hasMessageContaining("closed");
            }
        }
    }

    @Test
    void aViewKeepsTheMemoryUntilBothAreClosed() {
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope()) {
            Tensor a = scope.tensor(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
            Tensor v = a.reshape(3, -1);
            assertThat(v.shape().toArray()).containsExactly(3, 2);
            a.close();
            assertThat(v.toFloats()).containsExactly(1, 2, 3, 4, 5, 6);
            assertThat(device.memory().inUse()).isPositive();
            v.close();
            assertThat(device.memory().inUse()).isZero();
            assertThatThrownBy(() -> scope.full(1, 6).reshape(4, -1))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("-1");
        }
    }

    @Test
    void aResultCanOutliveItsScope() {
        try (Device device = Tatara.open("jvm");
                Scope outer = device.scope()) {
            Tensor kept;
            try (Scope inner = outer.child()) {
                kept = inner.ops().add(inner.full(1, 4), inner.full(2, 4)).moveTo(outer);
            }
            assertThat(kept.toFloats()).containsOnly(3);
        }
    }

    @Test
    void nativeMemoryGoesInAndOut() {
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope();
                Arena arena = Arena.ofConfined()) {
            MemorySegment in = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3);
            MemorySegment out = arena.allocate(12);
            Tensor t = scope.tensor(TensorSpec.f32(3), in);
            t.read(out);
            assertThat(out.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(1, 2, 3);
            assertThat(((MemorySegment) t.handle()).getAtIndex(ValueLayout.JAVA_FLOAT, 1))
                    .isEqualTo(2);
            assertThatThrownBy(() -> t.read(arena.allocate(8)))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("8 bytes");
        }
    }

    @Test
    void memoryStaysFlatOverAMillionCalls() {
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope()) {
            Tensor a = scope.full(1, 5);
            Tensor b = scope.full(2, 5);
            long allocations = 0;
            for (int i = 0; i < 1_000_000; i += 100) {
                try (Scope step = scope.child()) {
                    Ops ops = step.ops();
                    for (int k = 0; k < 100; k++) {
                        ops.add(a, b).close();
                    }
                }
                if (i == 1000) {
                    allocations = device.memory().deviceAllocations();
                }
            }
            assertThat(device.memory().deviceAllocations()).isEqualTo(allocations);
            assertThat(device.memory().inUse()).isLessThan(1000);
            assertThat(scope.size()).isEqualTo(2);
        }
    }

    @Test
    void eightThreadsShareADevice() throws Exception {
        try (Device device = Tatara.open("jvm");
                ExecutorService pool = Executors.newFixedThreadPool(8)) {
            List<Future<Void>> results = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                int id = t;
                results.add(
                        pool.submit(() -> {
                            for (int r = 0; r < 50; r++) {
                                try (Scope s = device.scope()) {
                                    int n = 17 + id * 13 + r;
                                    Tensor a = s.full(id + 1, n, n);
                                    float[] c = s.ops().matmul(a, a).toFloats();
                                    float want = (id + 1) * (id + 1) * n;
                                    for (float x : c) {
                                        assertThat(x).isEqualTo(want);
                                    }
                                }
                            }
                            return null;
                        }));
            }
            for (Future<Void> f : results) {
                f.get();
            }
            assertThat(device.memory().inUse()).isZero();
        }
    }

    @Test
    void outOfMemoryIsAnErrorAfterWhichTheDeviceWorks() {
        System.setProperty("tatara.memory.limit", "1500000");
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope()) {
            Tensor small = scope.full(1, 1000);
            try (Scope s = scope.child()) {
                s.full(1, 200_000);
            }
            // Fits only when the kept memory of another class is given back.
            try (Scope s = scope.child()) {
                s.full(1, 230_000);
            }
            assertThatThrownBy(() -> scope.full(1, 1_000_000))
                    .isInstanceOf(OutOfDeviceMemoryException.class)
                    .hasMessageContaining("limit");
            assertThat(scope.ops().add(small, small).toFloats()).containsOnly(2);
        } finally {
            System.clearProperty("tatara.memory.limit");
        }
    }

    @Test
    void aForgottenScopeIsReportedAndItsMemoryComesBack() throws Exception {
        try (Device device = Tatara.open("jvm")) {
            forget(device);
            for (int i = 0; i < 100 && device.leakedScopes() == 0; i++) {
                System.gc();
                Thread.sleep(20);
            }
            assertThat(device.leakedScopes()).isEqualTo(1);
            assertThat(device.memory().inUse()).isZero();
        }
    }

    private static void forget(Device device) {
        device.scope().full(1, 100);
    }

    @Test
    void tensorsOfAnotherDeviceAreRefused() {
        try (Device one = Tatara.open("jvm");
                Device two = Tatara.open("jvm");
                Scope s1 = one.scope();
                Scope s2 = two.scope()) {
            Tensor a = s1.full(1, 2);
            Tensor b = s2.full(1, 2);
            assertThatThrownBy(() -> s1.ops().add(a, b))
                    .isInstanceOf(OpException.class)
                    .hasMessageContaining("input 1");
        }
    }

    @Test
    void whatIsOverwrittenIsNoOtherInput() {
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope()) {
            Tensor hyper = scope.tensor(new float[] {0.5f, 1}, 2);
            Tensor p = scope.full(1, 2);
            Tensor g = scope.full(1, 2);
            Sgd two = new Sgd(2, 0, false, 0);
            assertThatThrownBy(() -> scope.emit(two, hyper, p, p.reshape(2), g, g))
                    .isInstanceOf(OpException.class)
                    .hasMessageContaining("'input 2'")
                    .hasMessageContaining("input 1");
            assertThatThrownBy(() -> scope.emit(new Sgd(1, 0, false, 0), p, p, g))
                    .hasMessageContaining("'input 0'");
            assertThat(p.toFloats()).containsOnly(1);
            scope.emit(two, hyper, p, scope.full(1, 2), g, g);
            assertThat(p.toFloats()).containsOnly(0.5f);
        }
    }

    @Test
    void anUnknownDeviceIsNamedWithThoseThatAreThere() {
        assertThatThrownBy(() -> Tatara.open("abacus:3"))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("abacus:3")
                .hasMessageContaining("jvm:0");
    }

    @Test
    void aWeightsPackedCopyFollowsItsWrites() {
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope()) {
            int n = 96;
            Tensor w = scope.weight(new float[n * n], n, n);
            Tensor x = scope.full(1, 40, n);
            assertThat(scope.ops().matmul(x, w).toFloats()).containsOnly(0);
            float[] ones = new float[n * n];
            java.util.Arrays.fill(ones, 1);
            w.write(ones);
            assertThat(scope.ops().matmul(x, w).toFloats()).containsOnly(n);
        }
    }
}
