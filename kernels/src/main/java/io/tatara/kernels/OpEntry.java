package io.tatara.kernels;

import io.tatara.kernels.check.Case;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.jvm.JvmKernel;
import java.util.List;
import java.util.function.Supplier;

/**
 * A line of the table: an op with everything that runs or proves it.
 *
 * @param type the op's record
 * @param name the op's name; the same as {@link Op#name()}
 * @param jvm kernels on Java arrays, preferred first
 * @param gpu kernels on OpenCL and CUDA, preferred first
 * @param cases from each come correctness test, gradient test and benchmark
 */
public record OpEntry<O extends Op>(
        Class<O> type,
        String name,
        Reference<O> reference,
        List<JvmKernel<O>> jvm,
        List<GpuKernel<O>> gpu,
        Supplier<List<Case>> cases) {}
