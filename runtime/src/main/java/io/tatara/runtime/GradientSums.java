package io.tatara.runtime;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.layout.Cast;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Pointwise;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * The gradients that arrive at each tensor, summed in the order of arrival. Those of 16-bit tensors
 * are rounded to the tensor's type once, when they are asked for: of two the sum is a kernel that
 * adds in float32 anyway, of more it is kept in float32.
 */
final class GradientSums {
    private static final Op ADD =
            new Pointwise(new Expr.Binary(BinaryOp.ADD, new Expr.Input(0), new Expr.Input(1)), 2);

    private final Scope scope;
    private final Map<Tensor, Tensor> sums = new IdentityHashMap<>();
    private final Map<Tensor, Tensor> seconds = new IdentityHashMap<>();
    private final Map<Tensor, Tensor> wide = new IdentityHashMap<>();

    GradientSums(Scope scope) {
        this.scope = scope;
    }

    boolean contains(Tensor t) {
        return sums.containsKey(t) || wide.containsKey(t);
    }

    void add(Tensor t, Tensor gradient) {
        Tensor sum = sums.get(t);
        if (wide.containsKey(t)) {
            wide.put(t, sum(wide.get(t), widened(gradient)));
        } else if (sum == null) {
            sums.put(t, gradient);
        } else if (!t.dtype().isHalf()) {
            sums.put(t, sum(sum, gradient));
        } else if (!seconds.containsKey(t)) {
            seconds.put(t, gradient);
        } else {
            Tensor two = sum(widened(sum), widened(seconds.remove(t)));
            wide.put(t, sum(two, widened(gradient)));
            sums.remove(t);
        }
    }

    /** The sum so far, null where nothing arrived. */
    Tensor get(Tensor t) {
        Tensor w = wide.remove(t);
        if (w != null) {
            sums.put(t, (Tensor) scope.one(new Cast(t.dtype()), w));
        }
        Tensor second = seconds.remove(t);
        if (second != null) {
            sums.put(t, sum(sums.get(t), second));
        }
        return sums.get(t);
    }

    private Tensor sum(Tensor a, Tensor b) {
        return (Tensor) scope.one(ADD, a, b);
    }

    private Tensor widened(Tensor x) {
        return (Tensor) scope.one(new Cast(DType.FLOAT32), x);
    }
}
