package io.tatara.kernels;

/**
 * A wrong call of an op: raised before anything is enqueued, names op, argument, given and
 * expected.
 */
public class OpException extends TataraException {
    private final String op;
    private final String argument;

    /**
     * @param op the op's name, such as {@code matmul}
     * @param argument the input or attribute at fault, such as {@code b}
     * @param given what was passed
     * @param expected what would have been right
     */
    public OpException(String op, String argument, Object given, String expected) {
        super(op + ": argument '" + argument + "': given " + given + ", expected " + expected);
        this.op = op;
        this.argument = argument;
    }

    public String op() {
        return op;
    }

    public String argument() {
        return argument;
    }
}
