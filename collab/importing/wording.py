"""The words of what can be wrong with a list, in Chinese and English, with the way out."""

# ruff: noqa: E501 - one message a line reads best
from __future__ import annotations

from collab.kernel.messages import MESSAGES

WORDS: dict[str, tuple[str, str]] = {
    "file_too_large": ("文件太大（最多 {most} MB），请拆成几个文件。", "The file is too large (at most {most} MB); split it."),
    "empty_file": ("文件里没有内容，请选择填好的模板。", "The file is empty; choose the filled-in template."),
    "no_rows": ("表头下面没有数据行。", "There are no rows below the header."),
    "too_many_rows": ("一次最多 {most} 行，请拆成几个文件。", "At most {most} rows at a time; split the file."),
    "too_many_columns": ("最多 {most} 列，请删去多余的列。", "At most {most} columns; remove the others."),
    "bad_csv": ("第 {line} 行的引号或分隔符不对，请用表格软件另存为 CSV。", "Line {line} has broken quotes or separators; save it as CSV from a spreadsheet."),
    "missing_column": ("缺少必需的列“{header}”，请使用模板的表头。", "The required column “{header}” is missing; use the template's header."),
    "duplicate_column": ("“{header}”与 {other} 列重复，请保留一列。", "“{header}” repeats column {other}; keep one of them."),
    "no_known_column": ("没有认出任何一列，请使用模板的表头。", "No column was recognised; use the template's header."),
    "formula": ("这里是公式，不会计算；请复制后“粘贴为数值”。", "This is a formula and is not evaluated; paste it as a value."),
    "not_a_choice": ("“{choice}”不在可选值内，请填：{some}。", "“{choice}” is not one of the choices: {some}."),
    "ambiguous_term": ("“{term}”有几种含义，请改用其一：{some}。", "“{term}” means several things; use one of: {some}."),
    "bad_number": ("“{value}”读不出数值，请写成 130、100-200、≤0.5 这样的形式，可带单位。", "“{value}” is not a figure; write it like 130, 100-200, ≤0.5, with a unit if you like."),
    "bad_unit": ("“{value}”的单位不对，这里应为 {unit} 或可换算的单位。", "“{value}” has the wrong unit; {unit} or a unit that converts to it is wanted."),
    "bad_whole": ("“{value}”不是整数。", "“{value}” is not a whole number."),
    "bad_share": ("“{value}”应在 0 到 100% 之间。", "“{value}” should be between 0 and 100%."),
    "bad_money": ("“{value}”读不出金额，请写成 35000、3.5万元 或 USD 4,000。", "“{value}” is not an amount; write 35000, CNY 35,000 or USD 4,000."),
    "bad_currency": ("“{value}”不是币种，请用 CNY、USD、EUR 等代码。", "“{value}” is not a currency; use a code such as CNY, USD, EUR."),
    "bad_date": ("“{value}”不是日期，请写成 2027-03-15。", "“{value}” is not a date; write it as 2027-03-15."),
    "not_named": ("“{value}”缺少参数名，请写成“参数名: 值 单位”。", "“{value}” lacks the name of the parameter; write “name: value unit”."),
    "ends_swapped": ("最短周期大于最长周期，请对调。", "The shortest lead time is above the longest; swap them."),
    "duplicate_row": ("与第 {other} 行是同一条记录，请保留一行。", "This is the same record as line {other}; keep one of them."),
    "unknown_record": ("找不到编号为“{value}”的记录；新增时请将此列留空。", "There is no record “{value}” of yours; leave the column empty for a new one."),
    "ambiguous_name": ("有几条记录叫“{value}”，请填写编号加以区分。", "Several records are called “{value}”; fill in the code to tell them apart."),
    "not_your_organisation": ("“{value}”不是您可以维护的机构。", "“{value}” is not an organisation that you may edit."),
    "other_organisation": ("这一行属于“{value}”，与所选机构不同。", "This row belongs to “{value}”, not to the chosen organisation."),
    "which_organisation": ("请填写机构，或在上传时选择机构。", "Name the organisation here, or choose one when you upload."),
    "other_category": ("设备清单里只能是设备；其他类别请用能力清单。", "A list of equipment holds equipment only; use the list of capabilities."),
    "unknown_region": ("找不到地区“{value}”，请填写省、市或园区的名称。", "There is no region “{value}”; name a province, city or park."),
    "above_seats": ("已占名额超过了总名额 {seats}。", "More seats are taken than the {seats} there are."),
    "only_secretariat": ("新增机构由秘书处办理；您可以修改本机构的资料。", "New organisations are added by the secretariat; you may change your own."),
    "import_has_problems": ("清单里还有 {count} 处问题，改好后请重新上传；目前没有导入任何内容。", "The list still has {count} problems; mend them and upload it again. Nothing has been imported."),
    "nothing_to_do": ("与平台上的记录完全一致，没有需要导入的内容。", "The list says what the platform has already; there is nothing to import."),
    "changed_since": ("导入后有人修改过，已保留现在的内容。", "Somebody changed it after the import; it was left as it is now."),
    "import_not_open": ("这次导入已经处理过。", "This import has been dealt with already."),
    "not_storable": ("文本含有无法保存的字符，请删除后再提交。", "The text has characters that cannot be stored; please remove them."),
}  # fmt: skip

for _code, _words in WORDS.items():  # the one table of words is the kernel's
    MESSAGES.setdefault(_code, _words)
