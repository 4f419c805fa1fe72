package io.tatara.models.optim;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.optimizer.Sgd;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/**
 * Muon (Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024) for the
 * matrices between a network's first and last layer, AdamW for all other weights. A matrix moves by
 * the orthogonal matrix nearest to the momentum of its gradients, so in all directions alike,
 * however large the gradients are in each. Nearly so: five steps of the Newton-Schulz iteration of
 * fifth degree bring all singular values to about one. The step is then 0.2 √(max(rows, columns))
 * times as long, which gives its elements the mean square of AdamW's, so that one learning rate and
 * one weight decay serve both (Liu et al., "Muon is Scalable for LLM Training", 2025, section 2.2).
 *
 * <p>A weight of more than two axes, such as a convolution's [M, C, Kh, Kw], is the matrix [M, C ·
 * Kh · Kw]. Matrices of like shape are orthogonalized together, by batched products.
 */
public final class MuonOptimizer extends Optimizer {
    private static final double MOMENTUM = 0.95;

    private static final int ITERATIONS = 5;

    /** The iteration's X ← a X + (b A + c A²) X, with A = X Xᵀ: those of Jordan et al. */
    private static final double A = 3.4445;

    private static final double B = -4.7750;
    private static final double C = 2.0315;

    private static final double ROOT_MEAN_SQUARE = 0.2;

    /** Keeps a norm of zero from being divided by. */
    private static final float LEAST = 1e-7f;

    /** b A + c A². */
    private static final Expr POLYNOMIAL =
            Exprs.add(Exprs.scale(Exprs.in(0), B), Exprs.scale(Exprs.in(1), C));

    /** a X + (b A + c A²) X. */
    private static final Expr STEP = Exprs.add(Exprs.scale(Exprs.in(0), A), Exprs.in(1));

    /** Nesterov's form: what the momentum will be when the same gradient comes again. */
    private static final Expr AHEAD =
            Exprs.add(Exprs.scale(Exprs.in(0), MOMENTUM), Exprs.scale(Exprs.in(1), 1 - MOMENTUM));

    /** One, or infinity where the gradients' scale is, for gradients overflowed: a step skipped. */
    private static final Expr TAKEN =
            Exprs.select(
                    Exprs.greater(Exprs.in(0), Exprs.constant(Float.MAX_VALUE)),
                    Exprs.in(0),
                    Exprs.constant(1));

    private final int[] matrices;
    private final Tensor[] momentum;
    private final float weightDecay;
    private final AdamStep rest;

    /**
     * @param clip largest global norm of the gradients, 0 for none; it matters to what AdamW moves
     *     alone, since a matrix's step is as long whatever its gradient
     * @param beta2 decay of AdamW's second moment
     * @param weightDecay decoupled
     * @param matrices by name, those weights that Muon moves; embeddings and the last layer should
     *     not be among them
     * @throws TataraException if one of them has fewer than two axes
     */
    public MuonOptimizer(
            Parameters parameters,
            double clip,
            double beta2,
            double weightDecay,
            Predicate<String> matrices) {
        check(parameters, matrices);
        super(parameters, clip);
        List<String> names = parameters.names();
        this.matrices = places(names, matrices);
        this.weightDecay = (float) weightDecay;
        this.momentum = slots("momentum", this.matrices);
        this.rest = new AdamStep(this, places(names, matrices.negate()), beta2, weightDecay, true);
    }

    private static void check(Parameters parameters, Predicate<String> matrices) {
        for (String name : parameters.names()) {
            if (matrices.test(name) && parameters.get(name).shape().rank() < 2) {
                throw new TataraException(
                        "muon: weight "
                                + name
                                + ": given "
                                + parameters.get(name).shape()
                                + ", expected at least two axes");
            }
        }
    }

    private static int[] places(List<String> names, Predicate<String> which) {
        return IntStream.range(0, names.size()).filter(i -> which.test(names.get(i))).toArray();
    }

    @Override
    void update(Scope step, Tensor[] p, Tensor[] g, double learningRate, Tensor scale) {
        if (matrices.length > 0) {
            move(step, Group.of(p, matrices), Group.of(g, matrices), learningRate, scale);
        }
        rest.update(step, p, g, learningRate, scale);
    }

    private void move(Scope step, Tensor[] p, Tensor[] g, double learningRate, Tensor scale) {
        Ops ops = step.ops();
        Tensor taken = ops.pointwise(TAKEN, scale);
        Tensor rate = step.tensor(new float[] {(float) (1 - MOMENTUM)}, 1);
        // Against the gradient of half the squared distance between momentum and gradient.
        Tensor[] back = new Tensor[g.length];
        Arrays.setAll(back, i -> ops.sub(momentum[i], ops.mul(g[i], scale)));
        ops.run(new Sgd(g.length, 0, false, 0), join(ops.concat(0, rate, taken), momentum, back));
        Tensor[] ahead = new Tensor[g.length];
        Arrays.setAll(ahead, i -> ops.pointwise(AHEAD, momentum[i], ops.mul(g[i], scale)));
        Tensor[] moves = orthogonal(ops, ahead);
        Tensor hyper = ops.concat(0, step.tensor(new float[] {(float) learningRate}, 1), taken);
        for (Group t : groups(p, weightDecay)) {
            float decay = t.decayed() ? weightDecay : 0;
            ops.run(new Sgd(t.size(), 0, false, decay), join(hyper, t.of(p), t.of(moves)));
        }
    }

    /** The steps for these momenta, those of one shape together. */
    private static Tensor[] orthogonal(Ops ops, Tensor[] momenta) {
        Map<List<Integer>, List<Integer>> alike = new LinkedHashMap<>();
        for (int i = 0; i < momenta.length; i++) {
            int rows = momenta[i].shape().dim(0);
            int columns = momenta[i].shape().size() / rows;
            alike.computeIfAbsent(List.of(rows, columns), k -> new ArrayList<>()).add(i);
        }
        Tensor[] moves = new Tensor[momenta.length];
        alike.forEach((shape, members) -> {
            int rows = shape.get(0);
            int columns = shape.get(1);
            Tensor[] parts = new Tensor[members.size()];
            Arrays.setAll(parts, i -> ops.reshape(momenta[members.get(i)], 1, rows, columns));
            Tensor x = orthogonal(ops, ops.concat(0, parts));
            for (int i = 0; i < parts.length; i++) {
                Tensor like = momenta[members.get(i)];
                moves[members.get(i)] =
                        ops.reshape(ops.slice(x, 0, i, i + 1), like.shape().toArray());
            }
        });
        return moves;
    }

    /** Of matrices [n, rows, columns]. */
    private static Tensor orthogonal(Ops ops, Tensor matrices) {
        int n = matrices.shape().dim(0);
        int rows = matrices.shape().dim(1);
        int columns = matrices.shape().dim(2);
        Tensor norm = ops.sqrt(ops.sum(ops.mul(matrices, matrices), 1, 2));
        Tensor x = ops.div(matrices, ops.reshape(ops.add(norm, LEAST), n, 1, 1));
        // The smaller of X Xᵀ and XᵀX.
        boolean tall = rows > columns;
        for (int i = 0; i < ITERATIONS; i++) {
            Tensor a = ops.matmul(x, x, tall, !tall);
            Tensor b = ops.pointwise(POLYNOMIAL, a, ops.matmul(a, a));
            x = ops.pointwise(STEP, x, tall ? ops.matmul(x, b) : ops.matmul(b, x));
        }
        return ops.mul(x, (float) (ROOT_MEAN_SQUARE * Math.sqrt(Math.max(rows, columns))));
    }
}
