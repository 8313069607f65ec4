"""The words of states, kinds and operators in Chinese and English; one table for each."""

from __future__ import annotations

from collab.web.session import language

Words = dict[str, tuple[str, str]]

ORGANISATION_KIND: Words = {
    "firm": ("企业", "Firm"),
    "lab": ("实验室", "Laboratory"),
    "university": ("高校", "University"),
    "alliance": ("联盟与协会", "Alliance or association"),
    "service_partner": ("服务伙伴", "Service partner"),
    "pilot_line": ("中试线", "Pilot line"),
    "park": ("园区", "Park"),
    "investor": ("投资机构", "Investor"),
    "transfer_agency": ("技术转移机构", "Transfer agency"),
}
MEMBERSHIP: Words = {
    "listed": ("公开收录", "Publicly listed"),
    "applied": ("申请中", "Applied"),
    "admitted": ("联盟成员", "Member"),
    "suspended": ("已暂停", "Suspended"),
}
APPLICATION_STATE: Words = {
    "submitted": ("待审核", "Waiting"),
    "admitted": ("已接纳", "Admitted"),
    "rejected": ("未通过", "Turned down"),
}
RELATION_OUT: Words = {
    "member_of": ("成员于", "Member of"),
    "agreement": ("合作协议", "Agreement with"),
    "located_in": ("位于", "Located in"),
    "co_build": ("共建", "Co-builds with"),
    "hosts": ("承载", "Hosts"),
    "spun_off": ("孵化出", "Spun off"),
    "supplies": ("供应", "Supplies"),
    "invests": ("投资", "Invests in"),
    "joint_lab": ("联合实验室", "Joint laboratory with"),
}
RELATION_IN: Words = {
    "member_of": ("成员包括", "Has member"),
    "agreement": ("合作协议", "Agreement with"),
    "located_in": ("入驻单位", "Is home of"),
    "co_build": ("共建", "Co-builds with"),
    "hosts": ("依托", "Hosted by"),
    "spun_off": ("源自", "Spun off from"),
    "supplies": ("供应商", "Supplied by"),
    "invests": ("投资方", "Investor"),
    "joint_lab": ("联合实验室", "Joint laboratory with"),
}
CATEGORY: Words = {
    "process": ("工艺", "Process"),
    "packaging": ("封装", "Packaging"),
    "test": ("测试", "Test"),
    "design": ("设计", "Design"),
    "equipment": ("设备", "Equipment"),
    "compute": ("算力", "Compute"),
    "service": ("服务", "Service"),
}
EVIDENCE: Words = {
    "verified": ("已核验", "Verified"),
    "declared": ("已申报", "Declared"),
    "documented": ("公开资料整理", "Documented"),
}
STATUS: Words = {
    "operating": ("运行中", "Operating"),
    "planned": ("规划中", "Planned"),
    "closed": ("已关闭", "Closed"),
    "rnd_only": ("仅限研发", "R&D only"),
}
NEED_STATE: Words = {
    "draft": ("草稿", "Draft"),
    "published": ("已发布", "Published"),
    "in_talks": ("洽谈中", "In talks"),
    "agreed": ("已签约", "Agreed"),
    "delivered": ("已交付", "Delivered"),
    "closed": ("已结束", "Closed"),
    "withdrawn": ("已撤回", "Withdrawn"),
    "expired": ("已过期", "Expired"),
}
CHANNEL: Words = {
    "page": ("页面", "page"),
    "api": ("接口", "API"),
    "export": ("导出", "export"),
    "file": ("文件下载", "file download"),
    "question": ("提问", "question"),
}
QUESTION_STATE: Words = {
    "open": ("等待答复", "Waits for an answer"),
    "answered": ("已答复", "Answered"),
    "withdrawn": ("已撤回", "Withdrawn"),
    "ended": ("已结束", "Ended"),
}
MAIL_PACE: Words = {
    "at_once": ("随时发送", "At once"),
    "daily": ("每天汇总一封", "Once a day"),
    "never": ("不发邮件", "Not by e-mail"),
}
STANCE: Words = {
    "yes": ("可以", "Yes"),
    "no": ("不可以", "No"),
    "depends": ("视情况", "It depends"),
}
FILE_STATE: Words = {
    "waiting": ("检查中", "Being checked"),
    "clean": ("可用", "Ready"),
    "refused": ("检查未通过", "Refused by the check"),
}
DISCLOSURE: Words = {
    "public": ("公开", "Public"),
    "members": ("成员可见", "Members"),
    "anonymous": ("匿名（成员可见）", "Anonymous to members"),
    "invited": ("定向邀请", "Invited only"),
}
DISCLOSURE_HELP: Words = {
    "public": ("任何人都能看到需求和贵单位名称。", "Everybody sees the need and your name."),
    "members": ("仅联盟成员能看到。", "Only members of the alliance see it."),
    "anonymous": (
        "成员能看到需求，接受对方意向之前看不到贵单位。",
        "Members see the need; your name only after you accept an interest.",
    ),
    "invited": (
        "只有受邀机构能看到，每次阅读都有记录。",
        "Only invited organisations see it; every read is on record.",
    ),
}
OPERATOR: Words = {
    "lt": ("小于", "less than"),
    "le": ("不大于", "at most"),
    "eq": ("等于", "equal to"),
    "ge": ("不小于", "at least"),
    "gt": ("大于", "more than"),
    "between": ("介于", "between"),
    "approx": ("约", "about"),
    "in": ("其中之一", "one of"),
    "all_of": ("全部具备", "all of"),
    "ne": ("不等于", "not"),
    "not_in": ("均不", "none of"),
}
OPERATOR_SIGN = {
    "lt": "<", "le": "≤", "eq": "=", "ge": "≥", "gt": ">", "approx": "≈", "ne": "≠",
}  # fmt: skip
QUANTITY_UNIT: Words = {
    "wafer": ("片（晶圆）", "wafers"),
    "die": ("颗（芯片）", "dies"),
    "device": ("只（器件）", "devices"),
    "module": ("个（模块）", "modules"),
    "set": ("套", "sets"),
    "sample": ("个（样品）", "samples"),
    "lot": ("批", "lots"),
    "mask": ("块（掩模）", "masks"),
    "person": ("人", "people"),
}
WISH: Words = {
    "trl": ("技术成熟度", "readiness level"),
    "region": ("地区", "region"),
    "confidentiality": ("保密", "confidentiality"),
}
TIME_UNIT: Words = {
    "workday": ("个工作日", "working days"),
    "day": ("天", "days"),
    "week": ("周", "weeks"),
    "month": ("个月", "months"),
    "year": ("年", "years"),
}
ROLE: Words = {
    "member": ("成员", "Member"),
    "facility_owner": ("设施负责人", "Facility owner"),
    "organisation_admin": ("机构管理员", "Organisation administrator"),
    "regional_coordinator": ("区域协调员", "Regional coordinator"),
    "secretariat": ("秘书处", "Secretariat"),
}
SIGN_IN_METHOD: Words = {
    "password": ("密码", "Password"),
    "passkey": ("通行密钥", "Passkey"),
    "openid": ("单位统一登录", "Organisation sign-in"),
    "invitation": ("邀请链接", "Invitation"),
}
REGION_KIND: Words = {
    "country": ("国家/地区", "Country"),
    "province": ("省级", "Province"),
    "city": ("城市", "City"),
    "cluster": ("集群", "Cluster"),
    "park": ("园区", "Park"),
}
NEED_MOVE: Words = {
    "withdrawn": ("撤回需求", "Withdraw the need"),
    "agreed": ("标为已签约", "Mark as agreed"),
    "delivered": ("标为已交付", "Mark as delivered"),
    "closed": ("结束需求", "Close the need"),
    "draft": ("退回草稿", "Back to draft"),
}
ACCESS: Words = {
    "open": ("对外开放", "Open"),
    "members": ("成员开放", "Members"),
    "contract": ("合同加工", "Contract"),
    "eligible": ("符合条件者", "Eligible users"),
    "foundry": ("代工", "Foundry"),
    "mpw": ("多项目晶圆", "MPW"),
    "in_house": ("仅自用", "In house"),
    "licence": ("授权许可", "Licence"),
    "project": ("项目合作", "Project"),
    "purchase": ("采购", "Purchase"),
}
INTEREST_STATE: Words = {
    "expressed": ("等待答复", "Waiting for an answer"),
    "accepted": ("已接受", "Accepted"),
    "declined": ("已婉拒", "Declined"),
    "withdrawn": ("已撤回", "Withdrawn"),
}
AGREEMENT_STATE: Words = {
    "proposed": ("待签署", "Waiting for signatures"),
    "signed": ("已签署", "Signed"),
    "delivered": ("已交付，待验收", "Delivered, to be accepted"),
    "closed": ("已结束", "Closed"),
    "withdrawn": ("已撤回", "Withdrawn"),
    "terminated": ("已终止", "Terminated"),
}
AGREEMENT_KIND: Words = {
    "processing": ("委托加工与测试", "Contract processing or test"),
    "joint_rnd": ("联合研发", "Joint R&D"),
    "conversion": ("成果转化", "Technology conversion"),
    "strategic": ("战略合作", "Strategic cooperation"),
}
AGREEMENT_MOVE: Words = {
    "withdrawn": ("撤回草案", "Withdraw the proposal"),
    "terminated": ("终止协议", "Terminate the agreement"),
    "delivered": ("标为已交付", "Mark as delivered"),
    "closed": ("验收并结束", "Accept and close"),
}
HOLD_STATE: Words = {
    "held": ("暂停公开，待核查", "On hold, being looked into"),
    "returned": ("已退回，待所有者修改", "Returned to its owner"),
    "asked": ("所有者申请复核", "Another look asked for"),
    "released": ("已恢复公开", "Open again"),
}
REPORT_REASON: Words = {
    "wrong_facts": ("内容与事实不符", "Wrong facts"),
    "outdated": ("信息已过时", "Outdated"),
    "advertising": ("广告或无关内容", "Advertising or off topic"),
    "confidential": ("含保密内容", "Confidential content"),
    "other": ("其他", "Other"),
}
REPORT_STATE: Words = {
    "open": ("等待处理", "Waiting"),
    "upheld": ("已暂停公开", "Record put on hold"),
    "dismissed": ("已答复", "Answered"),
}
RECORD_KIND: Words = {"need": ("需求", "Need"), "capability": ("能力", "Capability")}
OUTCOME: Words = {
    "achieved": ("达到要求", "Achieved"),
    "partly": ("部分达到", "Partly achieved"),
    "failed": ("未达到", "Not achieved"),
}
TABLES: dict[str, Words] = {
    "agreement_state": AGREEMENT_STATE, "agreement_kind": AGREEMENT_KIND,
    "agreement_move": AGREEMENT_MOVE, "outcome": OUTCOME,
    "application_state": APPLICATION_STATE, "hold_state": HOLD_STATE,
    "report_reason": REPORT_REASON, "report_state": REPORT_STATE, "record_kind": RECORD_KIND,
    "organisation_kind": ORGANISATION_KIND, "channel": CHANNEL,
    "question_state": QUESTION_STATE, "stance": STANCE, "mail_pace": MAIL_PACE,
    "file_state": FILE_STATE,
    "membership": MEMBERSHIP,
    "category": CATEGORY,
    "evidence": EVIDENCE, "status": STATUS, "need_state": NEED_STATE, "disclosure": DISCLOSURE,
    "disclosure_help": DISCLOSURE_HELP, "operator": OPERATOR, "quantity_unit": QUANTITY_UNIT,
    "time_unit": TIME_UNIT, "wish": WISH, "role": ROLE, "relation_out": RELATION_OUT,
    "relation_in": RELATION_IN, "region_kind": REGION_KIND, "interest_state": INTEREST_STATE,
    "sign_in_method": SIGN_IN_METHOD, "need_move": NEED_MOVE, "access_mode": ACCESS,
}  # fmt: skip


def label(table: str, key: str) -> str:
    """The word for `key` in the asker's language; the key itself when the table lacks it."""
    zh, en = TABLES[table].get(str(key), (str(key), str(key)))
    return en if language() == "en" else zh


def pairs(table: str) -> list[tuple[str, str]]:
    """(key, word) pairs of a table, for selections."""
    return [(key, label(table, key)) for key in TABLES[table]]
