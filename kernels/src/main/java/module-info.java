/**
 * What is computed: ops, references, kernel sources and code generation. Knows no device and no
 * driver.
 */
module io.tatara.kernels {
    requires static jdk.incubator.vector;

    exports io.tatara.kernels;
    exports io.tatara.kernels.attention;
    exports io.tatara.kernels.batchnorm;
    exports io.tatara.kernels.beam;
    exports io.tatara.kernels.causal;
    exports io.tatara.kernels.check;
    exports io.tatara.kernels.conv;
    exports io.tatara.kernels.embedding;
    exports io.tatara.kernels.gpu;
    exports io.tatara.kernels.jvm;
    exports io.tatara.kernels.layout;
    exports io.tatara.kernels.matmul;
    exports io.tatara.kernels.norm;
    exports io.tatara.kernels.optimizer;
    exports io.tatara.kernels.pointwise;
    exports io.tatara.kernels.pad;
    exports io.tatara.kernels.pool;
    exports io.tatara.kernels.position;
    exports io.tatara.kernels.recurrent;
    exports io.tatara.kernels.reduce;
    exports io.tatara.kernels.sdpa;
    exports io.tatara.kernels.softmax;
}
