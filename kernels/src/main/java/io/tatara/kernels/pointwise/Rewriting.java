package io.tatara.kernels.pointwise;

import io.tatara.kernels.pointwise.Expr.Binary;
import io.tatara.kernels.pointwise.Expr.Constant;
import io.tatara.kernels.pointwise.Expr.Input;
import io.tatara.kernels.pointwise.Expr.Product;
import io.tatara.kernels.pointwise.Expr.Select;
import io.tatara.kernels.pointwise.Expr.Unary;
import io.tatara.kernels.pointwise.Expr.Uniform;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;

/** Expressions with their inputs replaced; otherwise as they were, nothing is simplified. */
final class Rewriting {
    private Rewriting() {}

    /**
     * @param inputs what stands in an input's place
     * @param seeds a seed's new number
     */
    static Expr of(Expr e, IntFunction<Expr> inputs, IntUnaryOperator seeds) {
        return switch (e) {
            case Input i -> inputs.apply(i.index());
            case Uniform u -> new Uniform(seeds.applyAsInt(u.input()), u.stream());
            case Constant c -> c;
            case Unary u -> new Unary(u.op(), of(u.x(), inputs, seeds));
            case Binary b -> new Binary(b.op(), of(b.x(), inputs, seeds), of(b.y(), inputs, seeds));
            case Product p -> new Product(of(p.x(), inputs, seeds), of(p.y(), inputs, seeds));
            case Select s ->
                    new Select(
                            of(s.c(), inputs, seeds),
                            of(s.x(), inputs, seeds),
                            of(s.y(), inputs, seeds));
        };
    }
}
