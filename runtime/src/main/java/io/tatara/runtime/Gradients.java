package io.tatara.runtime;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.layout.Fill;
import java.util.Set;

/** What {@link Tape#backward} found: the gradient for each tensor that was watched or computed. */
public final class Gradients {
    private final Scope scope;
    private final Set<Tensor> tracked;
    private final GradientSums grads;

    Gradients(Scope scope, Set<Tensor> tracked, GradientSums grads) {
        this.scope = scope;
        this.tracked = tracked;
        this.grads = grads;
    }

    /**
     * The gradient with respect to a tensor; zeros where the loss does not depend on it.
     *
     * @throws TataraException if the tensor was never watched
     */
    public Tensor of(Tensor t) {
        Tensor g = grads.get(t);
        if (g != null) {
            return g;
        }
        if (!tracked.contains(t)) {
            throw new TataraException("no gradient for " + t + ": it was not watched by this tape");
        }
        g = (Tensor) scope.one(new Fill(t.spec(), 0));
        grads.add(t, g);
        return g;
    }
}
