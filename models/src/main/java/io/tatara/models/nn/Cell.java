package io.tatara.models.nn;

/** Kinds of recurrent cells. */
public enum Cell {
    /** h = tanh(W x + U h + b); Elman 1990. */
    RNN(1),
    /** Cho et al. 2014, with the reset gate applied after the product, as cuDNN and PyTorch do. */
    GRU(3),
    /** Hochreiter and Schmidhuber 1997, with the forget gate of Gers 2000. */
    LSTM(4);

    private final int gates;

    Cell(int gates) {
        this.gates = gates;
    }

    /** Rows of the weights in units of the hidden size. */
    public int gates() {
        return gates;
    }
}
