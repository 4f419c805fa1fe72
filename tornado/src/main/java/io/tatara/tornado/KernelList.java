package io.tatara.tornado;

import io.tatara.tornado.kernels.Copies;
import io.tatara.tornado.kernels.Interpreter;
import io.tatara.tornado.kernels.Layout;
import io.tatara.tornado.kernels.Scatter;
import io.tatara.tornado.kernels.Sums;

/** The lines of {@link KernelTable}: source by source, entry, definitions, Java method. */
final class KernelList {
    private KernelList() {}

    static void add(KernelTable.Builder b) {
        b.in("own")
                .add("copy", "", Copies::copyHeap)
                .add("pointwise", "", Interpreter::interpretExpression);
        layout(b);
        sums(b);
    }

    private static void layout(KernelTable.Builder b) {
        b.in("layout/fill.cl")
                .add("fill", "", Layout::fillFloats)
                .add("fill_int", "", Layout::fillInts);
        b.in("layout/convert.cl")
                .add("real_to_real", "", Layout::realToReal)
                .add("real_to_int", "", Layout::realToInt)
                .add("int_to_real", "", Layout::intToReal)
                .add("sequence_mask", "", Layout::sequenceMask);
        b.in("layout/gather.cl")
                .add("gather_rows", "INTS", Layout::gatherRows)
                .add("reverse_ragged", "INTS", Layout::reverseRagged);
        b.in("layout/strided.cl")
                .add("clear_words", "INTS", Layout::clearWords)
                .add("copy_strided", "WORD=1 INTS", Layout::copyStrided)
                .add("copy_tiled", "INTS", Layout::copyTiled);
        b.in("layout/scatter.cl")
                .add("scatter_clear", "@0", Scatter::scatterClear)
                .add("scatter_link", "@1 @2", Scatter::scatterLink)
                .add("scatter_sum", "@0 @1", Scatter::scatterSum);
    }

    private static void sums(KernelTable.Builder b) {
        b.in("pointwise/sumto.cl")
                .add("sum_nothing", "", Layout::clearFloats)
                .add("sum_rows", "", Sums::sumRows)
                .add("sum_columns", "", Sums::sumColumns);
        b.in("reduce/reduce.cl")
                .add("reduce_rows", "MAXIMUM=0", Sums::reduceRows)
                .add("reduce_columns", "MAXIMUM=0", Sums::reduceColumns);
        b.in("reduce/reduce_gradient.cl")
                .add("divide_by_count", "", Sums::divideByCount)
                .add("mark_maxima", "", Sums::markMaxima)
                .add("divide_by_counts", "", Sums::divideByCounts)
                .add("keep_marked", "", Sums::keepMarked);
    }
}
