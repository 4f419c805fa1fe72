/** Where it is computed: devices, memory, tensors, dispatch, autograd. */
module io.tatara.runtime {
    requires transitive io.tatara.kernels;
    requires jdk.jfr;
    requires transitive jcuda;
    requires jocl;
    requires org.tukaani.xz;
    requires tools.jackson.databind;

    exports io.tatara.runtime;
    exports io.tatara.runtime.check;
    exports io.tatara.runtime.cuda;
    exports io.tatara.runtime.io;
    exports io.tatara.runtime.memory;
    exports io.tatara.runtime.spi;
    exports io.tatara.runtime.tune;

    uses io.tatara.runtime.spi.BackEnd;

    provides io.tatara.runtime.spi.BackEnd with
            io.tatara.runtime.jvm.JvmBackEnd,
            io.tatara.runtime.cuda.CudaBackEnd,
            io.tatara.runtime.opencl.OpenClBackEnd;
}
