package io.tatara.kernels.gpu;

/**
 * What a kernel may want to know of a device before it chooses its parameters.
 *
 * @param api which half of the portable header is used
 * @param cpu whether the device is a CPU (PoCL): work-groups are loops there and local memory is a
 *     cache line
 * @param computeUnits compute units or multiprocessors
 * @param maxWorkGroup largest number of work-items in a group
 * @param localMemory bytes of local (shared) memory a group may use
 * @param subgroup width of a subgroup or warp, 0 where the device has none to rely on
 * @param arch CUDA compute capability × 10 (90 for 9.0), 0 elsewhere
 * @param fp16 whether half arithmetic is there
 */
public record GpuTraits(
        Api api,
        boolean cpu,
        int computeUnits,
        int maxWorkGroup,
        long localMemory,
        int subgroup,
        int arch,
        boolean fp16) {
    public enum Api {
        OPENCL,
        CUDA
    }

    /** A careful OpenCL 1.2 device, for planning without one. */
    public static final GpuTraits MINIMAL_OPENCL =
            new GpuTraits(Api.OPENCL, false, 4, 256, 32768, 0, 0, false);
}
