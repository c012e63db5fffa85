"""Tables of LaTeX math: what each command becomes in Typst.

To teach the exporter a new symbol, add it here.  Symbols become Unicode
characters and never Typst names: Typst renames its names between releases,
characters stay.
"""


def _pairs(table):
    """Read ``name character name character ...`` into a dictionary."""
    words = table.split()
    return dict(zip(words[::2], words[1::2], strict=True))


SYMBOLS = _pairs(r"""
    alpha α  beta β  gamma γ  delta δ  epsilon ϵ  zeta ζ  eta η  theta θ
    iota ι  kappa κ  lambda λ  mu μ  nu ν  xi ξ  omicron ο  pi π  rho ρ
    sigma σ  tau τ  upsilon υ  phi ϕ  chi χ  psi ψ  omega ω
    varepsilon ε  vartheta ϑ  varrho ϱ  varsigma ς  varphi φ  varpi ϖ
    Gamma Γ  Delta Δ  Theta Θ  Lambda Λ  Xi Ξ  Pi Π  Sigma Σ  Upsilon Υ
    Phi Φ  Psi Ψ  Omega Ω
    partial ∂  nabla ∇  infty ∞  emptyset ∅  varnothing ⌀  forall ∀
    exists ∃  nexists ∄  neg ¬  lnot ¬  hbar ℏ  ell ℓ  Re ℜ  Im ℑ
    aleph ℵ  wp ℘  prime ′  imath ı  jmath ȷ  complement ∁
    times ×  cdot ⋅  ast ∗  star ⋆  circ ∘  bullet ∙  pm ±  mp ∓  div ÷
    oplus ⊕  ominus ⊖  otimes ⊗  oslash ⊘  odot ⊙  cup ∪  cap ∩
    sqcup ⊔  sqcap ⊓  setminus ∖  smallsetminus ∖  wedge ∧  land ∧  vee ∨
    lor ∨  dagger †  ddagger ‡  diamond ⋄  uplus ⊎
    le ≤  leq ≤  ge ≥  geq ≥  leqslant ⩽  geqslant ⩾  ne ≠  neq ≠
    equiv ≡  sim ∼  simeq ≃  approx ≈  cong ≅  propto ∝  ll ≪  gg ≫
    lesssim ≲  gtrsim ≳  asymp ≍  triangleq ≜  coloneqq ≔
    subset ⊂  subseteq ⊆  subsetneq ⊊  supset ⊃  supseteq ⊇  in ∈
    notin ∉  ni ∋  parallel ∥  perp ⟂  models ⊨  vdash ⊢  prec ≺  succ ≻
    preceq ⪯  succeq ⪰  doteq ≐
    to →  rightarrow →  leftarrow ←  gets ←  leftrightarrow ↔
    Rightarrow ⇒  Leftarrow ⇐  Leftrightarrow ⇔  iff ⟺  implies ⟹
    impliedby ⟸  mapsto ↦  longrightarrow ⟶  longleftarrow ⟵
    Longrightarrow ⟹  Longleftarrow ⟸  longmapsto ⟼  uparrow ↑
    downarrow ↓  updownarrow ↕  hookrightarrow ↪  rightharpoonup ⇀
    nearrow ↗  searrow ↘  nwarrow ↖  swarrow ↙  leadsto ⇝
    sum ∑  prod ∏  coprod ∐  int ∫  iint ∬  iiint ∭  oint ∮
    bigcup ⋃  bigcap ⋂  bigoplus ⨁  bigotimes ⨂  bigodot ⨀  bigvee ⋁
    bigwedge ⋀
    ldots …  dots …  dotsc …  dotsb ⋯  dotsm ⋯  cdots ⋯  vdots ⋮  ddots ⋱
    angle ∠  triangle △  square □  Box □  blacksquare ■  checkmark ✓
    therefore ∴  because ∵  top ⊤  bot ⊥  colon :  degree °  S §  P ¶
    bigstar ★
    lbrace {  rbrace }  lbrack [  rbrack ]  langle ⟨  rangle ⟩  lfloor ⌊
    rfloor ⌋  lceil ⌈  rceil ⌉  backslash \
    { {  } }  % %  $ $  # #  & &  _ _
    | ‖  Vert ‖  lVert ‖  rVert ‖  vert |  lvert |  rvert |
""")

# Bars have no side of their own: what they are decides spacing and indices.
BAR_CLASSES = {
    "lvert": "opening",
    "lVert": "opening",
    "rvert": "closing",
    "rVert": "closing",
    "|": "normal",
    "vert": "normal",
    "Vert": "normal",
}

# Upright names; those in LIMITS carry what is written below underneath.
FUNCTIONS = frozenset(
    "sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan "
    "log ln lg exp dim ker hom deg arg".split()
)
LIMITS = {
    name: name for name in ("max", "min", "sup", "inf", "lim", "det", "gcd", "Pr")
} | {
    "limsup": "lim\u2009sup",
    "liminf": "lim\u2009inf",
    "argmax": "arg\u2009max",
    "argmin": "arg\u2009min",
}

# Combining characters, as Typst's accent() wants them.
ACCENTS = {
    "hat": "\u0302",
    "widehat": "\u0302",
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "bar": "\u0304",
    "vec": "\u20d7",
    "overrightarrow": "\u20d7",
    "dot": "\u0307",
    "ddot": "\u0308",
    "dddot": "\u20db",
    "check": "\u030c",
    "breve": "\u0306",
    "acute": "\u0301",
    "grave": "\u0300",
    "mathring": "\u030a",
}

# Commands with one argument, which takes the place of {}.
WRAPPERS = {
    "mathbf": "bold(upright({}))",
    "boldsymbol": "bold({})",
    "bm": "bold({})",
    "mathbb": "bb({})",
    "mathcal": "cal({})",
    "mathscr": "scr({})",
    "mathfrak": "frak({})",
    "mathsf": "sans(upright({}))",
    "mathtt": "mono({})",
    "mathrm": "upright({})",
    "mathit": "italic({})",
    "mathnormal": "{}",
    "overline": "overline({})",
    "underline": "underline({})",
    "cancel": "cancel({})",
    "phantom": "#hide(${}$)",
    "hphantom": "#hide(${}$)",
    "boxed": "#box(stroke: 0.5pt, inset: 3pt, baseline: 3pt, ${}$)",
    "ensuremath": "{}",
    "smash": "{}",
    "mathinner": "{}",
    "mathord": 'class("normal", {})',
    "mathrel": 'class("relation", {})',
    "mathbin": 'class("binary", {})',
    "mathopen": 'class("opening", {})',
    "mathclose": 'class("closing", {})',
    "mathop": "op({}, limits: #true)",
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
}

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
    " ": WORD_SPACE,
    "\n": WORD_SPACE,
    "nobreakspace": WORD_SPACE,
    "enspace": "#h(0.5em)",
    "quad": "quad",
    "qquad": "wide",
}

# Layout hints of LaTeX that have no meaning here.
IGNORED = frozenset(
    "nonumber notag allowbreak noindent relax hfill centering nobreak".split()
)

# \big( and friends: size in em.
BIG_SIZES = {"big": 1.2, "Big": 1.8, "bigg": 2.4, "Bigg": 3.0}

CLOSERS = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "⌊": "⌋", "⌈": "⌉"}

# Environments: matrices with their delimiter, and the aligning ones.
MATRICES = {
    "matrix": None,
    "smallmatrix": None,
    "array": None,
    "pmatrix": "(",
    "bmatrix": "[",
    "Bmatrix": "{",
    "vmatrix": "|",
    "Vmatrix": "‖",
}
CASES = frozenset({"cases", "dcases", "rcases"})
ALIGNED = frozenset(
    "align align* aligned alignat alignat* alignedat split gather gather* gathered "
    "equation equation* eqnarray eqnarray* multline multline* flalign flalign* "
    "displaymath".split()
)

# Characters with a meaning of their own in Typst's math.
TYPST_SPECIAL = frozenset("#$\\&_^/\",;:()[]{}~'`*@.<>=-!|")
