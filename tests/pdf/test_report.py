from utils.pdf.report import Note, Question, Report


def test_what_is_told_has_names():
    question = Question("A", "3", "CNN", "question-1")
    report = Report(b"%PDF", 1, [(question, 2)], [Note("here", "x")], "", "Typst")
    assert report.suffix == ".pdf"
    assert report.questions[0][0].id == ""
    assert report.notes[0].place == "here"
