package io.tatara.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpException;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Thousands of wrong calls on a live device: each ends in an exception of ours or in a result, none
 * in anything else, and none leaks memory.
 */
class WrongCallsTest {
    private static final int TRIES = 10_000;
    private static final List<Case> CASES = new ArrayList<>();
    private static Device device;
    private static Device other;

    @BeforeAll
    static void open() {
        device = Tatara.open("jvm");
        other = Tatara.open("jvm");
        for (OpEntry<?> e : OpTable.all()) {
            for (Case c : e.cases().get()) {
                if (!c.isBench() && !c.isLarge()) {
                    CASES.add(c);
                }
            }
        }
    }

    @AfterAll
    static void close() {
        device.close();
        other.close();
    }

    @Test
    void aWrongCallEndsInOurException() {
        for (int seed = 0; seed < TRIES; seed++) {
            trial(seed);
        }
    }

    private static void trial(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Case c = CASES.get(random.nextInt(CASES.size()));
        long before = device.memory().inUse();
        try (Scope scope = device.scope();
                Scope foreign = other.scope()) {
            Scope closed = device.scope();
            Tensor dead = closed.full(1, 2);
            closed.close();
            Tensor[] in = tensors(scope, c);
            boolean certain = mutate(in, scope, foreign, dead, random);
            boolean threw = false;
            try {
                scope.emit(c.op(), in);
            } catch (OpException e) {
                threw = true;
                assertThat(e.op()).isEqualTo(c.op().name());
                assertThat(e.getMessage()).contains(e.argument(), "given", "expected");
            } catch (TataraException e) {
                threw = true;
                assertThat(e.getMessage()).isNotBlank();
            }
            assertThat(threw || !certain)
                    .as("%s accepted a wrong call (seed %d)", c, seed)
                    .isTrue();
        }
        assertThat(device.memory().inUse()).isEqualTo(before);
    }

    private static Tensor[] tensors(Scope scope, Case c) {
        Tensor[] t = new Tensor[c.inputs().size()];
        for (int i = 0; i < t.length; i++) {
            TensorSpec s = c.inputs().get(i).spec();
            t[i] = s == null ? null : zeros(scope, s);
        }
        return t;
    }

    private static Tensor zeros(Scope scope, TensorSpec s) {
        return scope.zeros(s.dtype(), s.shape().toArray());
    }

    /** Spoils one input; whether the call must now fail whatever the op. */
    private static boolean mutate(
            Tensor[] in, Scope scope, Scope foreign, Tensor dead, SplittableRandom random) {
        if (in.length == 0) {
            return false;
        }
        int i = random.nextInt(in.length);
        switch (random.nextInt(6)) {
            case 0 -> {
                in[i] = dead;
                return true;
            }
            case 1 -> {
                in[i] = foreign.full(1, 2);
                return true;
            }
            case 2 -> in[i] = null;
            case 3 -> {
                if (in[i] != null) {
                    int[] d = in[i].shape().toArray();
                    if (d.length > 0) {
                        d[random.nextInt(d.length)] += 1 + random.nextInt(3);
                    }
                    in[i] = zeros(scope, in[i].spec().withShape(d));
                }
            }
            case 4 -> {
                if (in[i] != null) {
                    DType[] types = {DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16, DType.INT32};
                    DType other = types[in[i].dtype() == DType.FLOAT32 ? 1 + random.nextInt(3) : 0];
                    in[i] = zeros(scope, in[i].spec().withDType(other));
                }
            }
            default -> {
                int rank = random.nextInt(5);
                int[] d = new int[rank];
                for (int k = 0; k < rank; k++) {
                    d[k] = random.nextInt(4);
                }
                in[i] = zeros(scope, TensorSpec.f32(d));
            }
        }
        return false;
    }

    @Test
    void theTableNamesOpsAsTheyNameThemselves() {
        for (Case c : CASES) {
            Op op = c.op();
            assertThat(OpTable.of(op).name()).isEqualTo(op.name());
        }
    }
}
