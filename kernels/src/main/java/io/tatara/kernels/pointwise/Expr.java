package io.tatara.kernels.pointwise;

import java.util.List;
import java.util.Objects;

/**
 * An elementwise expression: a value with structural equality. Built with {@link Exprs}, which also
 * simplifies.
 */
public sealed interface Expr {
    /** Subexpressions, in order. */
    default List<Expr> arguments() {
        return List.of();
    }

    /** The element of an op's input. */
    record Input(int index) implements Expr {
        public Input {
            if (index < 0) {
                throw new IllegalArgumentException("input " + index + ": expected an index >= 0");
            }
        }

        @Override
        public String toString() {
            return "x" + index;
        }
    }

    /** A number; kernels round it to float. */
    record Constant(double value) implements Expr {
        @Override
        public String toString() {
            return Double.toString(value);
        }
    }

    record Unary(UnaryOp op, Expr x) implements Expr {
        public Unary {
            Objects.requireNonNull(op, "op");
            Objects.requireNonNull(x, "x");
        }

        @Override
        public List<Expr> arguments() {
            return List.of(x);
        }

        @Override
        public String toString() {
            return op.name().toLowerCase(java.util.Locale.ROOT) + "(" + x + ")";
        }
    }

    record Binary(BinaryOp op, Expr x, Expr y) implements Expr {
        public Binary {
            Objects.requireNonNull(op, "op");
            Objects.requireNonNull(x, "x");
            Objects.requireNonNull(y, "y");
        }

        @Override
        public List<Expr> arguments() {
            return List.of(x, y);
        }

        @Override
        public String toString() {
            return op.name().toLowerCase(java.util.Locale.ROOT) + "(" + x + ", " + y + ")";
        }
    }

    /**
     * x * y rounded to float32 before anything else is done with it: no compiler may contract it
     * with a sum that takes it. Where a product crosses the seam between two fused ops it stands
     * for the rounding that a stored result had.
     */
    record Product(Expr x, Expr y) implements Expr {
        public Product {
            Objects.requireNonNull(x, "x");
            Objects.requireNonNull(y, "y");
        }

        @Override
        public List<Expr> arguments() {
            return List.of(x, y);
        }

        @Override
        public String toString() {
            return "product(" + x + ", " + y + ")";
        }
    }

    /** x where c is not 0 (so also where it is NaN), else y. */
    record Select(Expr c, Expr x, Expr y) implements Expr {
        public Select {
            Objects.requireNonNull(c, "c");
            Objects.requireNonNull(x, "x");
            Objects.requireNonNull(y, "y");
        }

        @Override
        public List<Expr> arguments() {
            return List.of(c, x, y);
        }

        @Override
        public String toString() {
            return "select(" + c + ", " + x + ", " + y + ")";
        }
    }

    /**
     * A uniform random number in [0, 1): {@link Philox} of the seed, the element's linear index in
     * the output and the stream.
     *
     * @param input the op's input that holds the seed, int32 [2]
     * @param stream tells independent numbers of one element apart
     */
    record Uniform(int input, int stream) implements Expr {
        public Uniform {
            if (input < 0) {
                throw new IllegalArgumentException(
                        "seed input " + input + ": expected an index >= 0");
            }
        }

        @Override
        public String toString() {
            return "uniform(x" + input + ", " + stream + ")";
        }
    }
}
