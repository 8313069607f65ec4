"""Words that ask rather than describe; left out of a query when anything else is in it."""

_CHINESE = """ 谁 哪 哪里 哪儿 哪家 哪个 哪些 什么 怎么 如何 怎样 能 能做 能够 可 可以 会 有
有没有 没有 是否 是 需要 需求 需 想 想要 要 寻 寻找 求 找 找到 请 请问 做 进行 的 地 得 了 吗 呢
吧 啊 我 我们 你 你们 他们 在 和 与 或 及 以及 或者 并 用 用于 把 被 给 对 从 到 上 中 家 单位
机构 提供 承接 支持 里 个 些 一 一个 一些 这 那 帮 帮忙 急 急需 求助 推荐 一下
"""
_ENGLISH = """
who what where which when how why can could do does did is are was were be been being has have
had the a an of for to in on at by with from and or as that this these those it its we our us i
my me you your they any some there please find need needs needed looking want wanted search must
should would will may into about between through than such not no so if but also s t
"""
FUNCTION_WORDS = frozenset((_CHINESE + _ENGLISH).split())

# Everyday words one or two letters away from terms: never taken for errors.
_EVERYDAY = """
leaving leave leaves tasting letter letters matching planting rating housing parking heating sharing
wiring booking staging posting leading reading meeting moving loading lading coding pricing facing
passing placing planning paying saving serving setting shaping sorting talking taking trading across
affect amount article attack beat best chance charge collection come drive each east election
environment expect fact financial home hope imagine item last lawyer list live mission move movie
painting parent pass past patient player produce protect rest rise safe same save seem shoulder sign
sing site situation skin soldier song soon team term them then thing think though wait weight west
whom technician annual flight
"""
PLAIN_ENGLISH = frozenset(_EVERYDAY.split())
