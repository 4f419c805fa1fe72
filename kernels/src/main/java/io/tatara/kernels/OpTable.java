package io.tatara.kernels;

import io.tatara.kernels.attention.AttentionRoom;
import io.tatara.kernels.batchnorm.BatchNormRoom;
import io.tatara.kernels.beam.BeamRoom;
import io.tatara.kernels.causal.CausalRoom;
import io.tatara.kernels.conv.ConvRoom;
import io.tatara.kernels.embedding.EmbeddingRoom;
import io.tatara.kernels.layout.LayoutRoom;
import io.tatara.kernels.matmul.MatMulRoom;
import io.tatara.kernels.norm.NormRoom;
import io.tatara.kernels.optimizer.OptimizerRoom;
import io.tatara.kernels.pad.PadRoom;
import io.tatara.kernels.pointwise.PointwiseRoom;
import io.tatara.kernels.pool.PoolRoom;
import io.tatara.kernels.position.PositionRoom;
import io.tatara.kernels.recurrent.RecurrentRoom;
import io.tatara.kernels.reduce.ReduceRoom;
import io.tatara.kernels.sdpa.SdpaRoom;
import io.tatara.kernels.softmax.SoftmaxRoom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** All ops of the library. To add an op: a folder, and its room in the list below. */
public final class OpTable {
    private static final List<OpEntry<?>> ALL =
            Stream.of(
                            MatMulRoom.ENTRIES,
                            PointwiseRoom.ENTRIES,
                            ReduceRoom.ENTRIES,
                            SoftmaxRoom.ENTRIES,
                            NormRoom.ENTRIES,
                            PositionRoom.ENTRIES,
                            EmbeddingRoom.ENTRIES,
                            LayoutRoom.ENTRIES,
                            RecurrentRoom.ENTRIES,
                            AttentionRoom.ENTRIES,
                            SdpaRoom.ENTRIES,
                            OptimizerRoom.ENTRIES,
                            BeamRoom.ENTRIES,
                            ConvRoom.ENTRIES,
                            PoolRoom.ENTRIES,
                            PadRoom.ENTRIES,
                            BatchNormRoom.ENTRIES,
                            CausalRoom.ENTRIES)
                    .<OpEntry<?>>flatMap(List::stream)
                    .toList();

    private static final Map<Class<?>, OpEntry<?>> BY_TYPE = new LinkedHashMap<>();

    static {
        for (OpEntry<?> e : ALL) {
            if (BY_TYPE.put(e.type(), e) != null) {
                throw new IllegalStateException("op " + e.name() + " stands twice in the table");
            }
        }
    }

    private OpTable() {}

    public static List<OpEntry<?>> all() {
        return ALL;
    }

    /**
     * @throws TataraException if the op is not in the table
     */
    @SuppressWarnings("unchecked")
    public static <O extends Op> OpEntry<O> of(O op) {
        OpEntry<?> e = BY_TYPE.get(op.getClass());
        if (e == null) {
            throw new TataraException(
                    "op " + op.name() + " (" + op.getClass().getName() + ") is not in the table");
        }
        return (OpEntry<O>) e;
    }
}
