package io.tatara.kernels.gpu;

/**
 * What a kernel may want to know of a device before it chooses its parameters.
 *
 * @param api which half of the portable header is used
 * @param cpu whether the device is a CPU (PoCL): work-groups are loops there and local memory is a
 *     cache line
 * @param computeUnits compute units or multiprocessors
 * @param maxWorkGroup largest number of work-items in a group
 * @param localMemory bytes of local (shared) memory a group may declare
 * @param subgroup width of a subgroup or warp, 0 where the device has none to rely on
 * @param arch CUDA compute capability × 10 (90 for 9.0), 0 elsewhere
 * @param fp16 whether half arithmetic is there
 * @param maxShared bytes of shared memory a group may ask for at launch ({@link
 *     GpuPlan.Launch#dynamicShared}), 0 where the API has no such thing
 * @param vector floats in a vector register of a CPU, 1 elsewhere and where unknown
 */
public record GpuTraits(
        Api api,
        boolean cpu,
        int computeUnits,
        int maxWorkGroup,
        long localMemory,
        int subgroup,
        int arch,
        boolean fp16,
        int maxShared,
        int vector) {
    public enum Api {
        OPENCL,
        CUDA
    }

    /** A careful OpenCL 1.2 device, for planning without one. */
    public static final GpuTraits MINIMAL_OPENCL =
            new GpuTraits(Api.OPENCL, false, 4, 256, 32768, 0, 0, false, 0, 1);

    /** Architectures that the sources are compiled for in the tests. */
    public static final int[] CUDA_ARCHES = {75, 80, 86, 89, 90, 100, 120};

    /**
     * A CUDA device of this compute capability with the limits that NVIDIA documents for it (CUDA
     * C++ programming guide, "Compute capabilities"), for planning without one.
     *
     * @param arch compute capability × 10
     */
    public static GpuTraits cuda(int arch, int multiprocessors) {
        int kilobytes =
                switch (arch) {
                    case 75 -> 64;
                    case 80, 87 -> 163;
                    case 86, 89, 120, 121 -> 99;
                    case 90, 100, 103 -> 227;
                    default -> 48;
                };
        return new GpuTraits(
                Api.CUDA, false, multiprocessors, 1024, 49152, 32, arch, true, kilobytes << 10, 1);
    }

    /** Floats in a vector of a source for CPUs: 16, 8 or 4. */
    public int lanes() {
        return vector >= 16 ? 16 : vector >= 8 ? 8 : 4;
    }

    /** Whether this is a CUDA device of at least this compute capability (× 10). */
    public boolean cuda(int atLeast) {
        return api == Api.CUDA && arch >= atLeast;
    }

    /**
     * Whether wgmma, TMA and clusters as of Hopper are there: compute capability 9.0 alone (sm_90a;
     * wgmma is not carried on by later architectures).
     */
    public boolean hopper() {
        return api == Api.CUDA && arch == 90;
    }
}
