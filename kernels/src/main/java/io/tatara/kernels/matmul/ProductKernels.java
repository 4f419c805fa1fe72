package io.tatara.kernels.matmul;

import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;

/** The ways to compute a product on a GPU, and the choice among them. */
final class ProductKernels {
    /** Preferred first; the last takes everything. */
    static final List<ProductKernel> ALL =
            List.of(
                    new MatMulFew(),
                    new MatMulSkinny(),
                    new MatMulHopper(),
                    new MatMulSm80(),
                    new MatMulSimt(),
                    new MatMulCpuFew(),
                    new MatMulCpu(),
                    new MatMulPortable());

    private ProductKernels() {}

    /** The first that supports and suits the product. */
    static ProductKernel best(Product p, GpuTraits traits) {
        for (ProductKernel k : ALL) {
            if (k.supports(p, traits) && k.suits(p, traits)) {
                return k;
            }
        }
        return ALL.getLast();
    }

    /** The products that an op comes down to. */
    interface Products<O extends Op> {
        List<Product> of(O op, TensorSpec[] in, TensorSpec[] out);
    }

    /**
     * The variants of an op: on CUDA and on CPUs first the one that chooses for each product, then
     * each kernel by itself wherever it is right, so that suites prove all of them.
     */
    static <O extends Op> List<GpuKernel<O>> variants(Products<O> products) {
        List<GpuKernel<O>> list = new ArrayList<>();
        list.add(new Best<>(products));
        ALL.forEach(k -> list.add(new Single<>(k, products)));
        return List.copyOf(list);
    }

    private record Best<O extends Op>(Products<O> products) implements GpuKernel<O> {
        @Override
        public String variant() {
            return "best";
        }

        @Override
        public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
            return traits.api() == GpuTraits.Api.CUDA || traits.cpu();
        }

        @Override
        public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
            GpuPlan.Builder plan = GpuPlan.builder();
            for (Product p : products.of(op, in, out)) {
                best(p, traits).add(plan, p, traits);
            }
            return plan.build();
        }
    }

    private record Single<O extends Op>(ProductKernel kernel, Products<O> products)
            implements GpuKernel<O> {
        @Override
        public String variant() {
            return kernel.variant();
        }

        @Override
        public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
            return products.of(op, in, op.infer(in)).stream()
                    .allMatch(p -> kernel.supports(p, traits));
        }

        @Override
        public List<GpuKernel<O>> candidates(O op, TensorSpec[] in, GpuTraits traits) {
            List<GpuKernel<O>> list = new ArrayList<>();
            List<Product> all = products.of(op, in, op.infer(in));
            if (!all.isEmpty()) {
                for (ProductKernel k : kernel.candidates(all.getFirst(), traits)) {
                    Single<O> s = new Single<>(k, products);
                    if (s.supports(op, in, traits)) {
                        list.add(s);
                    }
                }
            }
            return list;
        }

        @Override
        public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
            GpuPlan.Builder plan = GpuPlan.builder();
            products.of(op, in, out).forEach(p -> kernel.add(plan, p, traits));
            return plan.build();
        }
    }
}
