package io.tatara.runtime.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.layout.Fill;
import io.tatara.kernels.optimizer.ScaleAll;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pointwise.Pointwise;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class MemoryPlanTest {
    private static final Function<DType, Object> BY_TYPE = d -> d;

    private static Buffer inner(int id, DType dtype, int elements) {
        return new Buffer(id, dtype, 4L * elements, false, Buffer.Kind.INNER);
    }

    private static Node made(Buffer b) {
        TensorSpec spec = TensorSpec.of(b.dtype(), (int) b.bytes() / 4);
        return Node.of(
                new Fill(spec, 1),
                new Buffer[0],
                new TensorSpec[0],
                new Buffer[] {b},
                new TensorSpec[] {spec});
    }

    private static Node reads(Buffer from, Buffer to) {
        TensorSpec a = TensorSpec.of(from.dtype(), (int) from.bytes() / 4);
        TensorSpec b = TensorSpec.of(to.dtype(), (int) to.bytes() / 4);
        return Node.of(
                Pointwise.of(Exprs.neg(Exprs.in(0))),
                new Buffer[] {from},
                new TensorSpec[] {a},
                new Buffer[] {to},
                new TensorSpec[] {b});
    }

    @Test
    void aChainNeedsTwoPieces() {
        List<Node> nodes = new ArrayList<>();
        Buffer last = inner(0, DType.FLOAT32, 100);
        nodes.add(made(last));
        for (int i = 1; i < 10; i++) {
            Buffer next = inner(i, DType.FLOAT32, 100);
            nodes.add(reads(last, next));
            last = next;
        }
        assertThat(MemoryPlan.of(nodes, BY_TYPE).slots()).hasSize(2);
    }

    @Test
    void typesOfOneClassShare() {
        List<Node> nodes =
                List.of(made(inner(0, DType.FLOAT32, 10)), made(inner(1, DType.INT32, 20)));
        assertThat(MemoryPlan.of(nodes, BY_TYPE).slots()).hasSize(2);
        assertThat(MemoryPlan.of(nodes, d -> "all").slots())
                .containsExactly(new MemoryPlan.Slot(0, DType.INT32, 80));
    }

    @Test
    void whatIsAliveTogetherLiesApart() {
        for (int seed = 0; seed < 50; seed++) {
            Random r = new Random(seed);
            List<Node> nodes = new ArrayList<>();
            List<Buffer> made = new ArrayList<>();
            long sum = 0;
            for (int i = 0; i < 60; i++) {
                DType type = r.nextBoolean() ? DType.FLOAT32 : DType.INT32;
                Buffer b = inner(i, type, 1 + r.nextInt(1000));
                int back = Math.max(0, i - 1 - r.nextInt(12));
                nodes.add(i == 0 ? made(b) : reads(made.get(back), b));
                made.add(b);
                sum += b.bytes();
            }
            MemoryPlan plan = MemoryPlan.of(nodes, BY_TYPE);
            int[] last = new int[60];
            for (int i = 0; i < 60; i++) {
                last[i] = i;
                for (Buffer in : nodes.get(i).in()) {
                    last[in.id()] = i;
                }
            }
            for (int i = 0; i < 60; i++) {
                MemoryPlan.Slot mine = plan.slot(made.get(i));
                assertThat(mine.bytes()).isGreaterThanOrEqualTo(made.get(i).bytes());
                assertThat(mine.dtype()).isEqualTo(made.get(i).dtype());
                for (int k = i + 1; k <= last[i]; k++) {
                    assertThat(plan.slot(made.get(k))).isNotSameAs(mine);
                }
            }
            long kept = plan.slots().stream().mapToLong(MemoryPlan.Slot::bytes).sum();
            assertThat(kept).isLessThan(sum / 2);
        }
    }

    @Test
    void whatNobodyReadsIsDropped() {
        Buffer a = inner(0, DType.FLOAT32, 4);
        Buffer b = inner(1, DType.FLOAT32, 4);
        Buffer c = inner(2, DType.FLOAT32, 4);
        Buffer weight = new Buffer(3, DType.FLOAT32, 16, false, Buffer.Kind.OUTSIDE);
        TensorSpec four = TensorSpec.f32(4);
        Node scaled = // in place, on what is needed and on what is not
                Node.of(
                        new ScaleAll(1),
                        new Buffer[] {b, weight},
                        new TensorSpec[] {TensorSpec.f32(1), four},
                        new Buffer[] {weight},
                        new TensorSpec[] {four});
        Node wasted =
                Node.of(
                        new ScaleAll(1),
                        new Buffer[] {b, c},
                        new TensorSpec[] {TensorSpec.f32(1), four},
                        new Buffer[] {c},
                        new TensorSpec[] {four});
        List<Node> nodes = List.of(made(a), made(b), made(c), wasted, scaled);
        assertThat(DeadCode.drop(nodes)).containsExactly(nodes.get(1), scaled);
        c.seen();
        assertThat(DeadCode.drop(nodes)).containsExactlyElementsOf(nodes.subList(1, 5));
    }
}
