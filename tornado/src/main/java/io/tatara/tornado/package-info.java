/**
 * TornadoVM as a back end: the ops' kernels as Java methods, which TornadoVM compiles for OpenCL
 * and CUDA.
 *
 * <p>A device's memory is one long array, the heap, that stays on the device ({@link
 * io.tatara.tornado.Session}); tensors are places in it ({@link io.tatara.tornado.HeapMemory}).
 * Every kernel has the same three parameters: its context, an array of arguments and the heap. What
 * changes from call to call (places, sizes, attributes) stands in the arguments, so that a kernel
 * is compiled once, and there is one long-lived execution plan. What is launched, how often and how
 * wide, is planned by the kernels' own {@link io.tatara.kernels.gpu.GpuPlan}s; {@link
 * io.tatara.tornado.KernelTable} has the Java method for each entry of their sources.
 */
package io.tatara.tornado;
