"""Tables of LaTeX math: what each command becomes in Typst.

To teach the exporter a new symbol, add it here.  Symbols become Unicode
characters and never Typst names: Typst renames its names between releases,
characters stay.
"""

import unicodedata


def _pairs(table):
    """Read ``name character name character ...`` into a dictionary."""
    words = table.split()
    return dict(zip(words[::2], words[1::2], strict=True))


SYMBOLS = _pairs(r"""
    alpha α  beta β  gamma γ  delta δ  epsilon ϵ  zeta ζ  eta η  theta θ
    iota ι  kappa κ  lambda λ  mu μ  nu ν  xi ξ  omicron ο  pi π  rho ρ
    sigma σ  tau τ  upsilon υ  phi ϕ  chi χ  psi ψ  omega ω
    varepsilon ε  vartheta ϑ  varrho ϱ  varsigma ς  varphi φ  varpi ϖ
    varkappa ϰ  digamma ϝ
    Gamma Γ  Delta Δ  Theta Θ  Lambda Λ  Xi Ξ  Pi Π  Sigma Σ  Upsilon Υ
    Phi Φ  Psi Ψ  Omega Ω
    partial ∂  nabla ∇  infty ∞  emptyset ∅  varnothing ⌀  forall ∀
    exists ∃  nexists ∄  neg ¬  lnot ¬  hbar ℏ  hslash ℏ  ell ℓ  Re ℜ  Im ℑ
    aleph ℵ  beth ℶ  gimel ℷ  daleth ℸ  wp ℘  prime ′  backprime ‵  imath ı
    jmath ȷ  complement ∁  eth ð  mho ℧  Finv Ⅎ  Game ⅁
    times ×  cdot ⋅  ast ∗  star ⋆  circ ∘  bullet ∙  pm ±  mp ∓  div ÷
    oplus ⊕  ominus ⊖  otimes ⊗  oslash ⊘  odot ⊙  cup ∪  cap ∩
    Cup ⋓  Cap ⋒  sqcup ⊔  sqcap ⊓  setminus ∖  smallsetminus ∖  wedge ∧
    land ∧  vee ∨  lor ∨  dagger †  ddagger ‡  diamond ⋄  uplus ⊎  amalg ⨿
    wr ≀  bowtie ⋈  ltimes ⋉  rtimes ⋊  boxplus ⊞  boxminus ⊟  boxtimes ⊠
    boxdot ⊡  circledast ⊛  circledcirc ⊚  circleddash ⊝  dotplus ∔
    divideontimes ⋇  curlyvee ⋎  curlywedge ⋏  barwedge ⊼  veebar ⊻
    intercal ⊺  bigcirc ◯  lhd ⊲  rhd ⊳  unlhd ⊴  unrhd ⊵
    triangleleft ◁  triangleright ▷  cdotp ·  centerdot ⋅
    le ≤  leq ≤  ge ≥  geq ≥  leqslant ⩽  geqslant ⩾  leqq ≦  geqq ≧
    ne ≠  neq ≠  lt <  gt >  equiv ≡  sim ∼  simeq ≃  approx ≈  cong ≅
    propto ∝  varpropto ∝  ll ≪  gg ≫  lll ⋘  ggg ⋙  lesssim ≲  gtrsim ≳
    lessgtr ≶  gtrless ≷  lessapprox ⪅  gtrapprox ⪆  approxeq ≊  eqsim ≂
    backsim ∽  asymp ≍  triangleq ≜  circeq ≗  doteqdot ≑  bumpeq ≏
    coloneqq ≔  coloneq ≔  eqqcolon ≕  Coloneqq ⩴  subset ⊂  subseteq ⊆
    subsetneq ⊊  subseteqq ⫅  supset ⊃  supseteq ⊇  supsetneq ⊋  Subset ⋐
    Supset ⋑  sqsubset ⊏  sqsubseteq ⊑  sqsupset ⊐  sqsupseteq ⊒  in ∈
    notin ∉  ni ∋  owns ∋  parallel ∥  perp ⟂  models ⊨  vdash ⊢  dashv ⊣
    vDash ⊨  Vdash ⊩  prec ≺  succ ≻  preceq ⪯  succeq ⪰  preccurlyeq ≼
    succcurlyeq ≽  doteq ≐  frown ⌢  smile ⌣  between ≬  pitchfork ⋔
    trianglelefteq ⊴  trianglerighteq ⊵  multimap ⊸
    nless ≮  ngtr ≯  nleq ≰  ngeq ≱  nsim ≁  ncong ≇  nmid ∤  nparallel ∦
    nsubseteq ⊈  nsupseteq ⊉  nprec ⊀  nsucc ⊁  nvdash ⊬  nvDash ⊭
    ntriangleleft ⋪  lneq ⪇  gneq ⪈  lneqq ≨  gneqq ≩
    to →  rightarrow →  leftarrow ←  gets ←  leftrightarrow ↔
    Rightarrow ⇒  Leftarrow ⇐  Leftrightarrow ⇔  iff ⟺  implies ⟹
    impliedby ⟸  mapsto ↦  longrightarrow ⟶  longleftarrow ⟵
    longleftrightarrow ⟷  Longrightarrow ⟹  Longleftarrow ⟸
    Longleftrightarrow ⟺  longmapsto ⟼  uparrow ↑  downarrow ↓
    updownarrow ↕  Uparrow ⇑  Downarrow ⇓  Updownarrow ⇕  hookrightarrow ↪
    hookleftarrow ↩  rightharpoonup ⇀  rightharpoondown ⇁  leftharpoonup ↼
    leftharpoondown ↽  rightleftharpoons ⇌  leftrightharpoons ⇋
    leftrightarrows ⇆  rightleftarrows ⇄  rightrightarrows ⇉
    leftleftarrows ⇇  upuparrows ⇈  twoheadrightarrow ↠  twoheadleftarrow ↞
    rightarrowtail ↣  curvearrowright ↷  curvearrowleft ↶
    circlearrowright ↻  circlearrowleft ↺  upharpoonright ↾  restriction ↾
    nearrow ↗  searrow ↘  nwarrow ↖  swarrow ↙  leadsto ⇝
    rightsquigarrow ⇝  dashrightarrow ⇢  dashleftarrow ⇠  nrightarrow ↛
    nleftarrow ↚  nRightarrow ⇏  nLeftarrow ⇍  nleftrightarrow ↮
    nLeftrightarrow ⇎
    sum ∑  prod ∏  coprod ∐  int ∫  iint ∬  iiint ∭  iiiint ⨌  oint ∮
    oiint ∯  oiiint ∰  intop ∫  smallint ∫
    bigcup ⋃  bigcap ⋂  bigoplus ⨁  bigotimes ⨂  bigodot ⨀  bigvee ⋁
    bigwedge ⋀  bigsqcup ⨆  biguplus ⨄
    ldots …  dotsc …  dotso …  dotsb ⋯  dotsm ⋯  dotsi ⋯  cdots ⋯
    vdots ⋮  ddots ⋱  iddots ⋰  adots ⋰  ldotp .
    vartriangle △  angle ∠  measuredangle ∡  sphericalangle ∢  triangle △
    triangledown ▽  bigtriangleup △  bigtriangledown ▽  blacktriangle ▲  square □  Box □
    blacksquare ■  lozenge ◊  Diamond ◇  checkmark ✓  surd √
    therefore ∴  because ∵  top ⊤  bot ⊥  degree °  S §  P ¶
    bigstar ★  diamondsuit ♢  heartsuit ♡  clubsuit ♣  spadesuit ♠
    flat ♭  natural ♮  sharp ♯  copyright ©  pounds £  yen ¥
    lbrace {  rbrace }  lbrack [  rbrack ]  langle ⟨  rangle ⟩  lfloor ⌊
    rfloor ⌋  lceil ⌈  rceil ⌉  lgroup ⟮  rgroup ⟯  lmoustache ⎰
    rmoustache ⎱  ulcorner ⌜  urcorner ⌝  llcorner ⌞  lrcorner ⌟
    llbracket ⟦  rrbracket ⟧  backslash \
    { {  } }  % %  $ $  # #  & &  _ _
    | ‖  Vert ‖  lVert ‖  rVert ‖  vert |  lvert |  rvert |
""")

# Commands whose Typst is no single character.
FORMS = {
    # Bars have no side of their own: what they are decides spacing and indices.
    "lvert": 'class("opening", |)',
    "lVert": 'class("opening", ‖)',
    "rvert": 'class("closing", |)',
    "rVert": 'class("closing", ‖)',
    "|": 'class("normal", ‖)',
    "vert": 'class("normal", |)',
    "Vert": 'class("normal", ‖)',
    "mid": 'class("relation", |)',
    "shortmid": 'class("relation", |)',
    "colon": 'class("punctuation", \\:)',
    "bmod": 'class("binary", op("mod"))',
}

# Upright names; those in LIMITS carry what is written below underneath.
FUNCTIONS = (
    "sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan "
    "log ln lg exp dim ker hom deg arg"
).split()
LIMITS = {name: name for name in "max min sup inf lim det gcd Pr".split()} | {
    "limsup": "lim\u2009sup",
    "liminf": "lim\u2009inf",
    "injlim": "inj\u2009lim",
    "projlim": "proj\u2009lim",
    "argmax": "arg\u2009max",
    "argmin": "arg\u2009min",
}
FORMS |= {name: f'op("{name}")' for name in FUNCTIONS}
FORMS |= {name: f'op("{word}", limits: #true)' for name, word in LIMITS.items()}

WORD_SPACE = "#h(0.28em)"
SPACES = {
    ",": "thin",
    "thinspace": "thin",
    ":": "med",
    ">": "med",
    "medspace": "med",
    ";": "thick",
    "thickspace": "thick",
    "!": "#h(-0.1667em)",
    "negthinspace": "#h(-0.1667em)",
    "negmedspace": "#h(-0.2222em)",
    "negthickspace": "#h(-0.2778em)",
    " ": WORD_SPACE,
    "\n": WORD_SPACE,
    "nobreakspace": WORD_SPACE,
    "space": WORD_SPACE,
    "enspace": "#h(0.5em)",
    "enskip": "#h(0.5em)",
    "quad": "quad",
    "qquad": "wide",
}
FORMS |= SPACES

# Combining characters, as Typst's accent() wants them; the wide ones stretch.
ACCENTS = {
    "hat": "\u0302",
    "tilde": "\u0303",
    "bar": "\u0304",
    "vec": "\u20d7",
    "dot": "\u0307",
    "ddot": "\u0308",
    "dddot": "\u20db",
    "ddddot": "\u20dc",
    "check": "\u030c",
    "breve": "\u0306",
    "acute": "\u0301",
    "grave": "\u0300",
    "mathring": "\u030a",
}
WIDE_ACCENTS = {
    "widehat": "\u0302",
    "widetilde": "\u0303",
    "widecheck": "\u030c",
    "overrightarrow": "\u20d7",
    "overleftarrow": "\u20d6",
    "overleftrightarrow": "\u20e1",
    "underrightarrow": "\u20ef",
    "underleftarrow": "\u20ee",
}

# Commands with one argument, which takes the place of {}.
WRAPPERS = {
    "mathbf": "bold(upright({}))",
    "boldsymbol": "bold({})",
    "bm": "bold({})",
    "pmb": "bold({})",
    "symbf": "bold({})",
    "mathbb": "bb({})",
    "mathbbm": "bb({})",
    "mathds": "bb({})",
    "Bbb": "bb({})",
    "mathcal": "cal({})",
    "mathscr": "scr({})",
    "mathfrak": "frak({})",
    "frak": "frak({})",
    "mathsf": "sans(upright({}))",
    "mathtt": "mono({})",
    "mathrm": "upright({})",
    "mathup": "upright({})",
    "mathit": "italic({})",
    "mathnormal": "{}",
    "overline": "overline({})",
    "underline": "underline({})",
    "underbar": "underline({})",
    "underbrace": "underbrace({})",
    "overbrace": "overbrace({})",
    "underbracket": "underbracket({})",
    "overbracket": "overbracket({})",
    "underparen": "underparen({})",
    "overparen": "overparen({})",
    "cancel": "cancel({})",
    "bcancel": "cancel({}, inverted: #true)",
    "xcancel": "cancel({}, cross: #true)",
    "ensuremath": "{}",
    "smash": "{}",
    "mathinner": "{}",
    "mathord": 'class("normal", {})',
    "mathrel": 'class("relation", {})',
    "mathbin": 'class("binary", {})',
    "mathopen": 'class("opening", {})',
    "mathclose": 'class("closing", {})',
    "mathpunct": 'class("punctuation", {})',
    "mathop": "op({}, limits: #true)",
}
WRAPPERS |= {
    name: f"accent({{}}, \\u{{{{{ord(mark):x}}}}}, size: #0%)"
    for name, mark in ACCENTS.items()
} | {
    name: f"accent({{}}, \\u{{{{{ord(mark):x}}}}})"
    for name, mark in WIDE_ACCENTS.items()
}

# Something set beside its place: it takes no room.
_BESIDE = "#box(width: 0pt, align({0}, box(width: 40em, align({0}, ${{}}$))))"

# Those whose argument becomes a formula of its own.
NESTED = {
    "phantom": "#hide(${}$)",
    "hphantom": "#box(height: 0pt, hide(${}$))",
    "mathrlap": _BESIDE.format("left"),
    "mathllap": _BESIDE.format("right"),
    "mathclap": _BESIDE.format("center"),
    "boxed": "#box(stroke: 0.5pt, inset: 3pt, $ {} $)",
}

# Switches: they hold for the rest of their group.
SWITCHES = {
    "rm": "upright({})",
    "bf": "bold(upright({}))",
    "it": "italic({})",
    "cal": "cal({})",
    "tt": "mono({})",
    "sf": "sans(upright({}))",
    "displaystyle": "display({})",
    "textstyle": "inline({})",
    "scriptstyle": "script({})",
    "scriptscriptstyle": "sscript({})",
}

# Commands between what stands above and below.
# Without the space, the semicolon would end the code of a cell like "#h(1em)".
ROW_END = " ; "
_WITHOUT_LINE = "mat(delim: {}, row-gap: #0.25em, {{}}" + ROW_END + "{{}})"
INFIX = {
    "over": "frac({}, {})",
    "choose": "binom({}, {})",
    "atop": _WITHOUT_LINE.format("#none"),
    "brace": _WITHOUT_LINE.format('"{{"'),
    "brack": _WITHOUT_LINE.format('"["'),
}

# Commands that are short for other LaTeX: number of arguments, meaning.
BUILT_IN_MACROS = {
    "lq": (0, "‘"),
    "rq": (0, "’"),
    "bra": (1, r"\langle{#1}\rvert"),
    "ket": (1, r"\lvert{#1}\rangle"),
    "braket": (1, r"\langle{#1}\rangle"),
    "Bra": (1, r"\left\langle{#1}\right\rvert"),
    "Ket": (1, r"\left\lvert{#1}\right\rangle"),
    "set": (1, r"\lbrace\,{#1}\,\rbrace"),
    "Set": (1, r"\left\lbrace\,{#1}\,\right\rbrace"),
    "pmod": (1, r"\hspace{0.6em}(\operatorname{mod}\ {#1})"),
    "pod": (1, r"\hspace{0.6em}(#1)"),
    "mod": (1, r"\hspace{0.6em}\operatorname{mod}\ {#1}"),
    "varlimsup": (0, r"\operatorname*{\overline{lim}}"),
    "varliminf": (0, r"\operatorname*{\underline{lim}}"),
    "mathstrut": (0, r"\vphantom{(}"),
    "strut": (0, r"\vphantom{(}"),
    "vcentcolon": (0, r"\mathrel{:}"),
    "dblcolon": (0, r"\mathrel{::}"),
    "centernot": (0, r"\not"),
    "newline": (0, r"\\"),
    "idotsint": (0, r"\int\!\cdots\!\int"),
} | {
    f"var{name}": (0, rf"\mathit{{\{name}}}")
    for name in "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
}

# Indices and exponents that are characters of their own.
_PLAIN = "0123456789+-=()"
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁱⁿ", f"{_PLAIN}in", strict=True))
SUBSCRIPTS = dict(
    zip(
        "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ",
        f"{_PLAIN}aehijklmnoprstuvx",
        strict=True,
    )
)

# Layout hints of LaTeX that have no meaning here.
IGNORED = frozenset(
    "nonumber notag allowbreak noindent relax hfill hfil centering nobreak null "
    "nolinebreak displaylimits".split()
)
# Commands that have a starred form of their own.
STARRED = frozenset(
    "operatorname tag newcommand renewcommand providecommand DeclareMathOperator "
    "hspace vspace".split()
)

# \big( and friends: size in em.
BIG_SIZES = {"big": 1.2, "Big": 1.8, "bigg": 2.4, "Bigg": 3.0}
CLOSERS = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "⌊": "⌋", "⌈": "⌉"}
CLOSERS |= {"⟮": "⟯", "⎰": "⎱", "⌜": "⌝", "⌞": "⌟", "⟦": "⟧"}
# What may stand behind \left and \big.
DELIMITERS = frozenset("()[]|/<>⟨⟩⌊⌋⌈⌉‖")
DELIMITER_COMMANDS = frozenset(
    "{ } | lbrace rbrace lbrack rbrack langle rangle lfloor rfloor lceil rceil vert "
    "Vert lvert rvert lVert rVert lgroup rgroup lmoustache rmoustache ulcorner "
    "urcorner llcorner lrcorner llbracket rrbracket backslash lt gt uparrow "
    "downarrow updownarrow Uparrow Downarrow Updownarrow".split()
)

# Environments: matrices with their delimiter, and the aligning ones.
MATRICES = {
    "matrix": None,
    "smallmatrix": None,
    "array": None,
    "subarray": None,
    "pmatrix": "(",
    "bmatrix": "[",
    "Bmatrix": "{",
    "vmatrix": "|",
    "Vmatrix": "‖",
    "psmallmatrix": "(",
    "bsmallmatrix": "[",
    "Bsmallmatrix": "{",
    "vsmallmatrix": "|",
    "Vsmallmatrix": "‖",
}
CASES = frozenset({"cases", "dcases", "rcases", "drcases"})
ALIGNED = frozenset(
    "align align* aligned alignat alignat* alignedat split gather gather* gathered "
    "equation equation* eqnarray eqnarray* multline multline* flalign flalign* "
    "displaymath math".split()
)

# Letters to TeX, operators to Typst.
ORDINARY = frozenset("∇△▽▲□■◊◇★∠∡∢∀∃∄¬⊤⊥∁√∛∜°")

EMPTY = '""'
# Characters with a meaning of their own in Typst's math.
TYPST_SPECIAL = frozenset("#$\\&_^/\",;:()[]{}~'`*@.<>=-!|√∛∜⎰⎱⌜⌝⌞⌟")


def escape(character):
    """Return one character so that Typst's math prints it."""
    is_bracket = unicodedata.category(character) in ("Ps", "Pe")
    special = is_bracket or character in TYPST_SPECIAL
    return "\\" + character if special else character


def symbol(character):
    """Return a symbol of LaTeX with the spacing that it has there."""
    markup = escape(character)
    return f'class("normal", {markup})' if character in ORDINARY else markup
