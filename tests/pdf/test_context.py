from utils.pdf.context import LONGEST_SOURCE, LONGEST_WORD, Context, breakable
from utils.pdf.report import Note


def test_clean_replaces_what_no_font_shows(context):
    assert context.clean("a\x00b\ud800c\u200bd✅") == "a\ufffdb\ufffdc\ufffdd✔"


def test_system_fonts_print_the_real_emoji(engine):
    assert Context(engine, system_fonts=True).clean("✅") == "✅"


def test_notes_carry_their_place_once(context):
    context.place = "CNN.ipynb, cell 3"
    context.note("something")
    context.note("something")
    assert context.notes == [Note("CNN.ipynb, cell 3", "something")]


def test_missing_glyphs_are_named_with_place(context):
    context.place = "CNN.ipynb, cell 7"
    context.clean("ä ∂ ✓ 中")
    context.note_missing_glyphs()
    (note,) = context.notes
    assert "U+4E2D" in note.message
    assert "CNN.ipynb, cell 7" in note.message
    assert "U+2202" not in note.message


def test_options_are_spelled_as_the_caller_takes_them(context):
    assert context.option("system-fonts") == "--system-fonts"
    assert context.option("max-output-lines", "0") == "--max-output-lines 0"
    context.by_nbconvert = True
    spelled = context.option("max-output-lines", "0")
    assert spelled == "--TypstPDFExporter.max_output_lines=0"
    context.clean("中")
    context.note_missing_glyphs()
    assert "The option --TypstPDFExporter.system_fonts=True" in context.notes[0].message


def test_covered_text_gives_no_note(context):
    context.clean("ä ∂ ✓ α Ж ├── █ “q” …")
    context.note_missing_glyphs()
    assert context.notes == []


def test_bad_formula_becomes_a_box_and_a_note(context):
    markup = context.formula(r"\nonsense{x}", block=False)
    assert markup == r'#bad-formula("\\nonsense{x}")'
    assert "unknown command" in context.notes[0].message


def test_an_endless_formula_is_cut_visibly(context):
    markup = context.formula("{" * (LONGEST_SOURCE + 100_000), block=True)
    assert markup.count("{") == LONGEST_SOURCE
    assert "(100000 more characters)" in markup


def test_a_tag_inside_a_line_follows_the_formula(context, engine):
    markup = context.formula(r"a \tag{7}", block=False)
    assert '"(7)"' in markup
    assert engine.part_error(markup) is None


def test_good_formulas(context):
    assert context.formula("x", block=False).startswith("#math.equation($x$")
    assert "fit(" in context.formula("x", block=True)
    assert context.formula(r"\frac ab", block=False).startswith("#inline-formula")
    assert context.formula("  ", block=True) == ""
    assert context.notes == []


def test_formulas_share_the_macros_of_a_notebook(context):
    context.formula(r"\newcommand{\R}{\mathbb{R}}", block=True)
    assert "bb(R)" in context.formula(r"\R", block=False)


def test_breakable_touches_only_endless_words():
    words = "short words only " * 20
    assert breakable(words) == words
    token = "x" * (LONGEST_WORD + 5)
    assert breakable(token).replace("\u200b", "") == token
    assert max(map(len, breakable(token).split("\u200b"))) < LONGEST_WORD


def test_warning_box_is_literal(context):
    assert context.warning_box("image", '"#x') == r'#warning-box("image", "\"#x")'
