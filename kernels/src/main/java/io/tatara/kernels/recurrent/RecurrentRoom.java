package io.tatara.kernels.recurrent;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class RecurrentRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            RnnSequence.class,
                            "rnn_sequence",
                            RnnReference::sequence,
                            List.of(RnnJvm::sequence),
                            List.of(RnnGpu::sequence),
                            RecurrentCases::rnn),
                    new OpEntry<>(
                            RnnSequenceGradient.class,
                            "rnn_sequence_gradient",
                            RnnReference::sequenceGradient,
                            List.of(RnnJvm::sequenceGradient),
                            List.of(RnnGpu::sequenceGradient),
                            RecurrentCases::rnnGradient),
                    new OpEntry<>(
                            RnnCell.class,
                            "rnn_cell",
                            RnnReference::cell,
                            List.of(RnnJvm::cell),
                            List.of(RnnGpu::cell),
                            CellCases::rnn),
                    new OpEntry<>(
                            RnnCellGradient.class,
                            "rnn_cell_gradient",
                            RnnReference::cellGradient,
                            List.of(RnnJvm::cellGradient),
                            List.of(RnnGpu::cellGradient),
                            CellCases::rnnGradient),
                    new OpEntry<>(
                            LstmSequence.class,
                            "lstm_sequence",
                            LstmReference::sequence,
                            List.of(LstmJvm::sequence),
                            List.of(
                                    new LstmGrid.Forward(GridForm.WIDE_TILES),
                                    new LstmGrid.Forward(GridForm.BLOCKS),
                                    new LstmGrid.Forward(GridForm.TILES),
                                    LstmGpu::sequence),
                            RecurrentCases::lstm),
                    new OpEntry<>(
                            LstmSequenceGradient.class,
                            "lstm_sequence_gradient",
                            LstmReference::sequenceGradient,
                            List.of(LstmGradientJvm::sequence),
                            List.of(
                                    new LstmGrid.Backward(GridForm.WIDE_TILES),
                                    new LstmGrid.Backward(GridForm.BLOCKS),
                                    new LstmGrid.Backward(GridForm.TILES),
                                    LstmGpu::sequenceGradient),
                            RecurrentCases::lstmGradient),
                    new OpEntry<>(
                            LstmCell.class,
                            "lstm_cell",
                            LstmReference::cell,
                            List.of(LstmJvm::cell),
                            List.of(LstmGpu::cell),
                            CellCases::lstm),
                    new OpEntry<>(
                            LstmCellGradient.class,
                            "lstm_cell_gradient",
                            LstmReference::cellGradient,
                            List.of(LstmGradientJvm::cell),
                            List.of(LstmGpu::cellGradient),
                            CellCases::lstmGradient),
                    new OpEntry<>(
                            GruSequence.class,
                            "gru_sequence",
                            GruReference::sequence,
                            List.of(GruJvm::sequence),
                            List.of(
                                    new GruGrid.Forward(GridForm.WIDE_TILES),
                                    new GruGrid.Forward(GridForm.BLOCKS),
                                    new GruGrid.Forward(GridForm.TILES),
                                    GruGpu::sequence),
                            RecurrentCases::gru),
                    new OpEntry<>(
                            GruSequenceGradient.class,
                            "gru_sequence_gradient",
                            GruReference::sequenceGradient,
                            List.of(GruGradientJvm::sequence),
                            List.of(
                                    new GruGrid.Backward(GridForm.WIDE_TILES),
                                    new GruGrid.Backward(GridForm.BLOCKS),
                                    new GruGrid.Backward(GridForm.TILES),
                                    GruGpu::sequenceGradient),
                            RecurrentCases::gruGradient),
                    new OpEntry<>(
                            GruCell.class,
                            "gru_cell",
                            GruReference::cell,
                            List.of(GruJvm::cell),
                            List.of(GruGpu::cell),
                            CellCases::gru),
                    new OpEntry<>(
                            GruCellGradient.class,
                            "gru_cell_gradient",
                            GruReference::cellGradient,
                            List.of(GruGradientJvm::cell),
                            List.of(GruGpu::cellGradient),
                            CellCases::gruGradient));

    private RecurrentRoom() {}
}
