package io.tatara.tornado;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.tornado.cuda.MatrixUnits;
import io.tatara.tornado.kernels.Attention;
import io.tatara.tornado.kernels.BatchNorms;
import io.tatara.tornado.kernels.Beams;
import io.tatara.tornado.kernels.Causal;
import io.tatara.tornado.kernels.Convolutions;
import io.tatara.tornado.kernels.Copies;
import io.tatara.tornado.kernels.Gru;
import io.tatara.tornado.kernels.GruGradient;
import io.tatara.tornado.kernels.Halves;
import io.tatara.tornado.kernels.Interpreter;
import io.tatara.tornado.kernels.Layout;
import io.tatara.tornado.kernels.Lstm;
import io.tatara.tornado.kernels.LstmGradient;
import io.tatara.tornado.kernels.Norms;
import io.tatara.tornado.kernels.Optimizers;
import io.tatara.tornado.kernels.Pads;
import io.tatara.tornado.kernels.Pools;
import io.tatara.tornado.kernels.Positions;
import io.tatara.tornado.kernels.Products;
import io.tatara.tornado.kernels.Recurrence;
import io.tatara.tornado.kernels.Rnn;
import io.tatara.tornado.kernels.Scatter;
import io.tatara.tornado.kernels.Sdpa;
import io.tatara.tornado.kernels.SdpaGradients;
import io.tatara.tornado.kernels.Selection;
import io.tatara.tornado.kernels.Softmaxes;
import io.tatara.tornado.kernels.Sums;
import io.tatara.tornado.kernels.Upsamples;
import io.tatara.tornado.kernels.WaveSamples;
import io.tatara.tornado.kernels.WaveSteps;

/** The lines of {@link KernelTable}: source by source, entry, definitions, Java method. */
final class KernelList {
    private KernelList() {}

    static void add(KernelTable.Builder b) {
        b.in("own")
                .add("copy", "", Copies::copyHeap)
                .add("pointwise", "", Interpreter::interpretExpression)
                .add("unpack", "", Halves::unpackHalves)
                .add("pack", "", Halves::packHalves);
        layout(b);
        sums(b);
        products(b);
        rows(b);
        recurrent(b);
        selection(b);
        optimizers(b);
        attention(b);
        sdpa(b);
        convolutions(b);
        images(b);
        causal(b);
        others(b);
        // Last: other back ends than CUDA leave them out.
        b.in("cuda")
                .add("mma_float16", "", MatrixUnits::mmaFloat16)
                .add("mma_bfloat16", "", MatrixUnits::mmaBfloat16)
                .add("mma_finish", "", MatrixUnits::finishProduct);
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

    private static void products(KernelTable.Builder b) {
        b.in("matmul/matmul.cl")
                .add("matmul_simple", "ACTIVATION=0 ACCUMULATE=0 TA=0 TB=0", Products::matmulSimple)
                .add("matmul_skinny", "ACTIVATION=0 ACCUMULATE=0 TA=0 TB=0", Products::matmulSkinny)
                .add(
                        "matmul_tiled",
                        "ACTIVATION=0 ACCUMULATE=0 TA=0 TB=0",
                        Products::matmulTiled,
                        KernelList::tiles);
        b.in("matmul/gradients.cl")
                .add("activation_gradient", "ACTIVATION=0", Products::activationGradient)
                .add("scatter_zero", "", Layout::zeroFloats)
                .add("scatter_strided", "", Products::scatterStrided);
    }

    /** The tile is always the same here: m and n are arguments 15 and 16. */
    private static KernelTable.Geometry tiles(GpuPlan.Launch l, int[] args) {
        int t = Products.TILE;
        return new KernelTable.Geometry(
                new int[] {(args[16] + t - 1) / t, (args[15] + t - 1) / t, l.groups()[2]},
                new int[] {256, 1, 1});
    }

    private static void rows(KernelTable.Builder b) {
        b.in("softmax/softmax.cl")
                .add("softmax_rows", "LOG=0 RAGGED=0", Softmaxes::softmaxRows)
                .add("softmax_gradient", "LOG=0", Softmaxes::softmaxGradient);
        b.in("softmax/cross_entropy.cl")
                .add("cross_entropy_rows", "SMOOTH=0", Softmaxes::crossEntropyRows)
                .add("cross_entropy_total", "", Softmaxes::crossEntropyTotal)
                .add("cross_entropy_share", "", Softmaxes::crossEntropyShare)
                .add("cross_entropy_gradient", "PER_ROW=0 MORE=0", Softmaxes::crossEntropyGradient);
        b.in("norm/norm.cl").add("norm_rows", "CENTERED=1 DROPOUT=0 SUM=0", Norms::normRows);
        b.in("norm/norm_gradient.cl")
                .add(
                        "norm_gradient_rows",
                        "CENTERED=1 DROPOUT=0 DSTATISTICS=0 DSUM=0 REST=0",
                        Norms::normGradientRows)
                .add("norm_parameters", "CENTERED=1 REST=0", Norms::normParameters);
        b.in("norm/norm_total.cl").add("norm_total", "DSCALE=1 DSHIFT=1", Norms::normTotal);
    }

    private static void recurrent(KernelTable.Builder b) {
        String[] others = {"recurrent/lstm.cl", "recurrent/gru.cl"};
        String cell = "OPTIONAL=0 REVERSE=0 DIRECTIONS=1 ROWS=4 SPLIT=4";
        b.in("recurrent/rnn.cl")
                .add("recurrent_zero", "", Recurrence::recurrentZero)
                .also(others)
                .add("recurrent_copy", "", Recurrence::recurrentCopy)
                .also(others)
                .add("states_before", "OPTIONAL=0 REVERSE=0 DIRECTIONS=1", Recurrence::statesBefore)
                .also(others)
                .add("column_sums", "SUM_LANES=8", Recurrence::columnSums)
                .also(others)
                .add("rnn_step", "ACTIVATION=3 " + cell, Rnn::rnnStep)
                .add("rnn_back", "ACTIVATION=3 " + cell, Rnn::rnnBack);
        b.in("recurrent/lstm.cl")
                .add("lstm_step", cell, Lstm::lstmStep)
                .add("lstm_back", cell, LstmGradient::lstmBack)
                .add(
                        "peephole_sums",
                        "SUM_LANES=8 OPTIONAL=0 REVERSE=0",
                        LstmGradient::peepholeSums);
        b.in("recurrent/gru.cl")
                .add("gru_step", "RESET_AFTER=1 " + cell, Gru::gruStep)
                .add("gru_candidate", cell, Gru::gruCandidate)
                .add("gru_back", "RESET_AFTER=1 " + cell, GruGradient::gruBack)
                .add("gru_back_reset", cell, GruGradient::gruBackReset);
    }

    private static void selection(KernelTable.Builder b) {
        b.in("reduce/select.cl")
                .add("arg_max_rows", "", Selection::argMaxRows)
                .add("arg_max_columns", "", Selection::argMaxColumns)
                .add("top_k", "", Selection::topK)
                .add("top_k_clear", "", Selection::topKClear)
                .add("top_k_scatter", "", Selection::topKScatter);
    }

    private static void optimizers(KernelTable.Builder b) {
        b.in("optimizer/optimizer.cl")
                .add("sgd KIND=0", "^ PER=1 ARGS", Optimizers::sgdPlain)
                .add("sgd KIND=1", "^ PER=1 ARGS", Optimizers::sgdMomentum)
                .add("adam", "^ PER=1 ARGS", Optimizers::adamStep)
                .add("adagrad", "^ PER=1 ARGS", Optimizers::adagradStep)
                .add("rms_prop", "^ PER=1 ARGS CENTERED=0 MOMENTUM=0", Optimizers::rmsPropStep)
                .add("scale_all", "^ PER=1 ARGS", Optimizers::scaleTensors)
                .add("square_sums", "^ PER=1 ARGS", Optimizers::squareSums)
                .add("norm_of_sums", "", Optimizers::normOfSums)
                .add("clip_scale", "", Optimizers::clipScale)
                .add("loss_scale", "", Optimizers::lossScale);
    }

    private static void others(KernelTable.Builder b) {
        b.in("position/position.cl")
                .add("positions", "STARTS=0 ROTARY=0 HALVES=0", Positions::positionsOf);
        b.in("pad/pad.cl")
                .add("pad", "MODE=1 INTS", Pads::padElements)
                .add("pad_ints", "MODE=1 INTS", Pads::padElements)
                .add("pad_gradient", "MODE=1", Pads::padGradient);
        b.in("beam/beam.cl")
                .add("beam_rows", "", Beams::beamRows)
                .add("beam_chunks", "@8 LOGITS=0 PER=8", Beams::beamChunks)
                .add("beam_merge", "@2", Beams::beamMerge);
    }

    private static void attention(KernelTable.Builder b) {
        b.in("attention/attention.cl")
                .add("attention_dots", "", Attention::attentionDots)
                .add("attention_softmax_context", "", Attention::attentionSoftmaxContext)
                .add("attention_softmax_gradient", "", Attention::attentionSoftmaxGradient)
                .add("attention_rows", "", Attention::attentionRows)
                .add("attention_columns", "", Attention::attentionColumns);
        b.in("attention/additive.cl")
                .add("additive_scores", "", Attention::additiveScores)
                .add("additive_dqueries", "", Attention::additiveQueryGradient)
                .add("additive_dkeys", "", Attention::additiveKeyGradient)
                .add("additive_dv_sequence", "", Attention::additiveVectorSequence)
                .add("additive_dv", "", Attention::additiveVector);
    }

    private static void sdpa(KernelTable.Builder b) {
        b.in("sdpa/sdpa.cl")
                .add("sdpa_forward", "SPLIT=0", Sdpa::sdpaForward, KernelList::queryRows)
                .add("sdpa_combine", "", Sdpa::sdpaCombine);
        b.in("sdpa/gradient.cl")
                .add("sdpa_delta", "", SdpaGradients::sdpaDelta)
                .add("sdpa_dquery", "", SdpaGradients::sdpaQueryGradient, KernelList::queryRows)
                .add("sdpa_dkeys", "", SdpaGradients::sdpaKeyGradient, KernelList::keyRows);
        b.in("sdpa/cache.cl").add("cache_append", "SEQUENCE_FIRST=0", Sdpa::cacheAppend);
    }

    /** Key heads of all sequences: the plan's groups are tiles of each. */
    private static int keyHeads(GpuPlan.Launch l, int[] args) {
        return l.groups()[0] / args[22];
    }

    private static KernelTable.Geometry queryRows(GpuPlan.Launch l, int[] args) {
        boolean forward = l.entry().equals("sdpa_forward");
        int features = args[forward ? 15 : 14];
        int blocks = Math.max(1, (features + Sdpa.FEATURES - 1) / Sdpa.FEATURES);
        return new KernelTable.Geometry(
                new int[] {keyHeads(l, args) * args[11] * args[12], blocks, l.groups()[2]},
                new int[] {Sdpa.GROUP, 1, 1});
    }

    private static KernelTable.Geometry keyRows(GpuPlan.Launch l, int[] args) {
        int features = Math.max(args[14], args[15]);
        int blocks = Math.max(1, (features + Sdpa.GROUP - 1) / Sdpa.GROUP);
        return new KernelTable.Geometry(
                new int[] {keyHeads(l, args) * args[13], blocks, 1}, new int[] {Sdpa.GROUP, 1, 1});
    }

    private static void convolutions(KernelTable.Builder b) {
        b.in("conv/conv.cl")
                .add("conv_zeros", "", Convolutions::convZeros)
                .add("conv_direct", "ACTIVATION=0", Convolutions::convDirect)
                .add("conv_tiled", "ACTIVATION=0", Convolutions::convTiled, KernelList::convTiles);
        b.in("conv/weight.cl")
                .add(
                        "weight_tiled",
                        "PARTS=0",
                        Convolutions::convWeightTiled,
                        KernelList::weightTiles)
                .add("weight_direct", "PARTS=0", Convolutions::convWeightDirect)
                .add("weight_total", "", Convolutions::convWeightTotal);
    }

    /** The tile is always the same here: images, out, countY and countX are 5, 10, 17 and 26. */
    private static KernelTable.Geometry convTiles(GpuPlan.Launch l, int[] args) {
        int t = Convolutions.TILE;
        int columns = args[5] * args[17] * args[26];
        return new KernelTable.Geometry(
                new int[] {(columns + t - 1) / t, (args[10] + t - 1) / t, l.groups()[2]},
                new int[] {256, 1, 1});
    }

    /** Likewise: rows are output channels (9), columns source channels (6) by taps (12, 13). */
    private static KernelTable.Geometry weightTiles(GpuPlan.Launch l, int[] args) {
        int t = Convolutions.TILE;
        int columns = args[6] * args[12] * args[13];
        return new KernelTable.Geometry(
                new int[] {(columns + t - 1) / t, (args[9] + t - 1) / t, l.groups()[2]},
                new int[] {256, 1, 1});
    }

    private static void images(KernelTable.Builder b) {
        b.in("batchnorm/batchnorm.cl")
                .add("batch_norm_sums", "", BatchNorms::batchNormSums)
                .add("batch_norm_finish", "SCALE=1 SHIFT=1 RUNNING=1", BatchNorms::batchNormFinish)
                .add("batch_norm_apply", "", BatchNorms::batchNormApply)
                .add("batch_norm_gradient_sums", "", BatchNorms::batchNormGradientSums)
                .add(
                        "batch_norm_gradient_finish",
                        "SCALE=1 DSTATISTICS=0 DMEAN=0 DVARIANCE=0 DSCALE=1 DSHIFT=1",
                        BatchNorms::batchNormGradientFinish)
                .add("batch_norm_gradient_apply", "", BatchNorms::batchNormGradientApply);
        String window = "KH=3 KW=3 SH=2 SW=2 DH=1 DW=1 COUNT_PAD=0";
        b.in("pool/pool.cl")
                .add("max_pool", window, Pools::maxPool)
                .add("max_pool_gradient", window, Pools::maxPoolGradient)
                .add("average_pool", window, Pools::averagePool)
                .add("average_pool_gradient", window, Pools::averagePoolGradient);
        b.in("pool/upsample.cl")
                .add("interpolate", "BLEND=1", Upsamples::interpolatePlanes)
                .add("interpolate_gradient", "BLEND=1", Upsamples::interpolateGradient);
    }

    private static void causal(KernelTable.Builder b) {
        b.in("causal/causal.cl")
                .add("shifted", "", Causal::causalShifted)
                .add("carry", "", Causal::causalCarry)
                .add("weight_gradient", "", Causal::causalWeightGradient);
        b.in("causal/layer.cl")
                .add("gates", "CONDITION=0", Causal::causalGates)
                .add("outputs", "", Causal::causalOutputs)
                .add("activation_gradient", "", Causal::gatedActivationGradient);
        b.in("causal/step.cl")
                .add(
                        "one_sample",
                        "^ TAPS=2 CHANNELS=4 HALF_ROWS=4 SKIPS=4",
                        WaveSteps::waveOneSample)
                .add("advance", "^ TAPS=2", WaveSteps::waveAdvance);
        b.in("causal/generate.cl")
                .add(
                        "samples",
                        "^ TAPS=2 CHANNELS=4 HALF_ROWS=4 SKIPS=4 HIDDEN=4 LEVELS=4 FIRST=2"
                                + " SAMPLING=1",
                        WaveSamples::waveSamples)
                .add("advance", "", WaveSamples::waveClock);
    }
}
