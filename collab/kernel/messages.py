"""The words of every problem and error code, in Chinese and English; the only place for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collab.kernel.problems import Problem

MESSAGES: dict[str, tuple[str, str]] = {
    "required": ("请填写此项。", "Please fill this in."),
    "too_long": ("最多 {most} 个字符，请删短一些。", "At most {most} characters, please shorten."),
    "too_short": ("至少 {least} 个字符。", "At least {least} characters."),
    "email": ("这不是有效的邮箱地址。", "This is not a valid e-mail address."),
    "weak_password": (
        "这个密码太容易被猜到，请加长或换几个不相关的词。",
        "This password is easy to guess; make it longer or use unrelated words.",
    ),
    "breached_password": (
        "这个密码出现在已泄露的密码名单中，请换一个。",
        "This password is on a list of leaked passwords; choose another.",
    ),
    "confirm_again": ("请先再次确认是您本人（或重新登录），然后再试。", "Show once more that it is you (or sign in anew), then try again."),
    "passkey_refused": ("通行密钥未能验证，请重新操作；如使用了别的网址或超过 5 分钟也会失败。", "The passkey could not be verified; start again. It also fails from another address or after 5 minutes."),
    "too_many_passkeys": ("最多 {most} 个通行密钥，请先删除不用的。", "At most {most} passkeys; remove one you do not use first."),
    "no_factor_yet": ("请先开启两步验证或添加通行密钥。", "Set up an authenticator app or a passkey first."),
    "issuer_unreachable": ("无法从这个地址读取登录服务的说明（/.well-known/openid-configuration），请核对；只接受公网 https 地址。", "The description of a sign-in service (/.well-known/openid-configuration) cannot be read there; only public https addresses are asked."),
    "public_mail_domain": ("“{domain}”是公共邮箱，不属于任何单位。", "“{domain}” is a public mail service and belongs to no organisation."),
    "domain_not_yours": ("“{domain}”不是您已验证邮箱的域名，请由秘书处登记。", "“{domain}” is not the domain of your own confirmed address; the secretariat can enter it."),
    "domain_taken": ("“{domain}”已由另一家机构登记，请联系秘书处。", "“{domain}” is entered for another organisation; contact the secretariat."),
    "no_service": ("该邮箱域名没有登记单位统一登录，请换一种方式登录。", "No organisation sign-in is entered for this domain; sign in another way."),
    "openid_refused": ("单位统一登录没有完成：请使用受邀的单位邮箱，或换一种方式登录后在“登录方式与安全”中关联。", "The organisation sign-in was not completed: use the address that was invited, or sign in another way and connect it under “Sign-in and security”."),
    "confirm_by_mail": ("请先打开我们发到您邮箱的确认链接，再添加第一个验证方式。", "Open the link that we send to your address first; then a first factor can be set up."),
    "factor_first": ("您的秘书处权限正等待两步验证，启用之前不能更改邮箱。", "Rights of the secretariat wait for your second factor; set it up before you change the address."),
    "last_way_in": ("这是您唯一的登录方式，请先设置密码或添加通行密钥。", "This is your only way to sign in; set a password or add a passkey first."),
    "same_email": ("这就是现在的邮箱。", "This is the present address."),
    "wrong_password": ("当前密码不对。", "The current password is not right."),
    "sign_in_failed": ("邮箱或密码不对。", "E-mail or password is not right."),
    "link_dead": ("此链接无效、已使用或已过期，请重新获取。", "This link is not valid, was used or has expired; ask for a new one."),
    "link_other": ("请用收到邀请的邮箱账号登录后再接受。", "Sign in with the account of the invited address, then accept."),
    "credit_code": ("统一社会信用代码不正确（18 位，校验位不符），请核对。", "This is not a valid unified social credit code (18 characters with a check digit)."),
    "foreign_identifier": ("境外登记号须为 4 到 30 位字母或数字。", "A foreign registration number has 4 to 30 letters or digits."),
    "code_known": ("这个登记号已有机构或申请使用；如属贵单位，请联系秘书处。", "An organisation or application with this number exists; if it is yours, contact the secretariat."),
    "name_known": ("“{name}”已在机构目录中：请在它的页面认领；如果不是同一家，请勾选确认后再提交。", "“{name}” is in the directory: claim it on its page, or tick that yours is another one."),
    "evidence_short": ("请说明如何核实您代表该机构（至少 {least} 个字符），如官网页面、公函编号。", "Say how it can be verified that you speak for the organisation (at least {least} characters)."),
    "already_claimed": ("您已提交过对该机构的认领，秘书处正在审核。", "You have claimed this organisation already; it is being reviewed."),
    "reason_needed": ("请写明理由。", "Please give the reason."),
    "ends_before_start": ("结束日期早于开始日期。", "The end lies before the start."),
    "milestone_outside": ("第 {n} 个里程碑不在协议期内（{starts} 至 {ends}）。", "Milestone {n} lies outside the agreement ({starts} to {ends})."),
    "until_before": ("结束日期早于签署日期。", "The end lies before the day of signing."),
    "last_administrator": ("这是最后一位，请先指定接替的人。", "This is the last one; name a successor first."),
    "role_scope": ("这个角色不能在此处授予。", "This role cannot be given here."),
    "region_needed": ("请选择区域。", "Please choose a region."),
    "second_factor": ("请输入验证器应用中的六位动态码。", "Enter the six digits shown by your authenticator app."),
    "second_factor_wrong": ("动态码不对或已用过，请等下一组。", "This code is wrong or was used; wait for the next one."),
    "unknown_term": ("词表里没有“{term}”，请从列表中选择。", "“{term}” is not in the vocabulary; choose one of the list."),
    "word_owned": ("“{word}”已属于“{owner}”，同一写法不能指两项。", "“{word}” belongs to “{owner}” already; one spelling cannot mean two."),
    "word_needed": ("其他已接受的写法依赖“{term}”，请先撤回：{words}。", "Other accepted words build on “{term}”; withdraw these first: {words}."),
    "term_in_use": ("“{term}”仍被需求或能力使用，不能撤回。", "“{term}” is still used by needs or capabilities and cannot be withdrawn."),
    "vocabulary_id": ("标识须为小写英文字母、数字、连字符和点，如 etching.dry。", "An id has lower-case letters, digits, hyphens and dots, such as etching.dry."),
    "vocabulary_word": ("“{word}”太短或重复，不能作为写法。", "“{word}” is too short or repeated."),
    "unknown_choice": ("“{choice}”不在可选值内。", "“{choice}” is not one of the choices."),
    "own_organisation": ("这是贵单位自己，本来就不会与自己匹配。", "This is your own organisation; it is never matched with itself."),
    "too_many_blocked": ("最多 {most} 家机构。", "At most {most} organisations."),
    "unknown_organisation": ("找不到机构“{key}”。", "There is no organisation “{key}”."),
    "low_above_high": ("下限 {low} 大于上限 {high}。", "The lower end {low} is above the upper end {high}."),
    "implausible": (
        "{value} {unit} 不像真的（通常在 {least} 到 {most} {unit} 之间），请检查单位。",
        "{value} {unit} looks wrong (usually {least} to {most} {unit}); check the unit.",
    ),
    "unit_unfit": (
        "“{parameter}”不能用单位“{unit}”，请换成它的单位。",
        "The unit “{unit}” does not fit {parameter_en}; use one of its own kind.",
    ),
    "no_step": ("至少需要一个步骤：请补充要做的工艺、封装、测试或设计。", "At least one step is needed: say which process, packaging, test or design you want."),
    "nobody_invited": ("定向邀请的需求至少要邀请一家机构。", "An invited need must invite at least one organisation."),
    "past": ("这个时间已经过去，请选择以后的时间。", "This lies in the past; choose a later time."),
    "too_many_saved": ("最多保存 {most} 个搜索，请先删除不用的。", "At most {most} searches can be saved; delete some first."),
    "stale": (
        "有人在您编辑期间修改了这条记录，请重新打开后再改，您填写的内容仍在下面。",
        "Somebody changed this record while you were editing; reload it and apply your change again.",
    ),
    "code_taken": ("编号“{value}”已被使用，请换一个。", "The code “{value}” is already in use; choose another."),
    "taken": ("相同的记录已经存在。", "The same record already exists."),
    "in_use": ("还有别的记录用到它，不能删除。", "Other records still refer to it, so it cannot be removed."),
    "missing": ("所指的记录不存在。", "The record it refers to does not exist."),
    "busy": ("系统正忙，请稍后再试。", "The platform is busy; please try again in a moment."),
    "not_a_draft": ("需求已发布，不能再改原文；可以撤回后重新编辑。", "The need is published and its text is fixed; withdraw it to edit it again."),
    "too_much_room": ("一次最多假设 {most} 个名额，请减少。", "At most {most} places can be assumed at once; assume fewer."),
    "agreement_rests": ("这项意向已有进行中的协议，请先撤回或终止协议。", "An agreement rests on this interest; withdraw or terminate it first."),
    "no_question": ("请至少选择或填写一个问题。", "Choose or write at least one question."),
    "too_many_questions": ("一次最多发送 {most} 个问题，请分次发送。", "At most {most} questions at once; send the rest afterwards."),
    "too_many_open": ("向这项能力提出、尚未答复的问题最多 {most} 个，请等对方答复或先撤回一些。", "At most {most} questions to one capability may wait for an answer; wait, or withdraw some."),
    "no_value_to_take_over": ("写入能力需要填写数值；只有词表中的指标才能写入。", "To state it on the capability a value is needed, and only parameters of the vocabulary can be stated."),
    "nobody_to_ask": ("该机构还没有平台账号，不能在平台上提问，请复制问题用邮件询问。", "This organisation has no account here and cannot be asked through the platform; copy the questions and ask by e-mail."),
    "not_invited": ("该机构未受邀，看不到这条需求；请先在“可见范围”里邀请它。", "This organisation is not invited and cannot see the need; invite it first under “Who can see it”."),
    "cannot_ask_now": ("只有已发布、正在征集或洽谈中的需求才能提问。", "Questions can be sent only while the need is published or in talks."),
    "route_gone": ("这条路线现在不成立，请回到需求页查看最新的路线。", "This route does not hold any more; see the present routes on the need's page."),
    "not_all_asked": ("没有发送给任何一方：向{who}提问时出错。{why}", "Nothing was sent to anybody: asking {who_en} failed. {why_en}"),
    "question_over": ("这个问题已撤回或已结束，不能再答复。", "This question was withdrawn or has ended and can no longer be answered."),
    "held": ("这条记录正在核查、暂不公开，此项操作须等恢复公开后进行。", "A moderator holds this record; this can be done once it is released."),
    "held_not_invited": ("核查期间不能改为“定向邀请”；可修改内容后申请复核，或撤回需求。", "While a moderator holds it, it cannot become invited-only; change it and ask for another look, or withdraw it."),
    "already_held": ("这条记录已在核查中。", "A moderator holds this record already."),
    "not_held": ("这条记录没有被暂停公开，请刷新页面查看最新状态。", "This record is not held; reload the page to see how it stands."),
    "seen_changed": ("您查看之后这条记录已有变化（他人已处理，或所有者已修改），请看最新内容后再决定。", "This record changed since you looked: somebody else decided, or its owner edited it. Look again, then decide."),
    "report_answered": ("这条举报已由他人处理。", "Somebody else has answered this report."),
    "already_reported": ("您已举报过这条记录，正在处理中。", "You have reported this record already; it is being looked at."),
    "own_record": ("这是贵单位自己的记录，请直接修改。", "This is your own organisation's record; edit it instead."),
    "cannot_move": ("当前状态不能这样操作。", "This is not possible in the present state."),
    "not_found": ("没有找到，或者您无权查看。", "Not found, or not yours to see."),
    "not_allowed": ("您没有权限进行此操作。", "You may not do this."),
    "sign_in_first": ("请先登录。", "Please sign in first."),
    "too_many": ("尝试次数过多，请在 {retry_after} 秒后再试。", "Too many attempts; try again in {retry_after} seconds."),
    "bad_json": ("请求体不是有效的 JSON。", "The body is not valid JSON."),
    "not_json": ("请求体必须是 application/json。", "The body must be application/json."),
    "body_too_large": ("内容太大，请缩短后再提交。", "The content is too large; please shorten it."),
    "bad_request": ("请求无法理解。", "The request cannot be understood."),
    "bad_csrf": ("页面已过期，请返回刷新后再提交，您填写的内容不会保存。", "The page has expired; go back, reload it and submit again."),
    "method": ("此地址不支持这种请求方法。", "This address does not support that method."),
    "not_storable": ("文本含有无法保存的字符，请删除后再提交。", "The text has characters that cannot be stored; please remove them."),
    "in_use_or_missing": ("所指的记录不存在，或还有别的记录用到它。", "The record does not exist, or other records still refer to it."),
    "unsupported_text": ("文本含有无法保存的字符，请删除后再提交。", "The text has characters that cannot be stored; please remove them."),
    "invalid": ("“{value}”不符合要求。", "“{value}” does not fit."),
    "bad_value": ("这一项的格式不对：{reason}", "This has the wrong form: {reason}"),
    "bad_token": ("令牌无效或已过期。", "The token is not valid or has expired."),
    "scope_missing": ("令牌没有“{scope}”权限。", "The token lacks the scope “{scope}”."),
    "internal": ("系统出错了，我们已记录此问题。", "Something went wrong on our side; it has been recorded."),
    "unavailable": ("服务暂时不可用，请稍后再试。", "The service is not available for the moment."),
    "bad_file": ("无法读取这个文件，请使用模板另存为 CSV 或 XLSX。", "This file cannot be read; save the template as CSV or XLSX."),
    "not_base64": ("内容必须是 base64。", "The content must be base64."),
    "file_empty": ("文件是空的，请重新选择。", "The file is empty; choose another."),
    "file_too_large": ("文件最大 {most} MB，请压缩或拆分。", "A file may have at most {most} MB; compress or split it."),
    "file_kind": ("不接受这种文件，可用：{kinds}。", "Files of this kind are not taken; you can use {kinds}."),
    "file_not_what_it_says": ("文件内容不是 .{extension}（或含宏），请另存为这种格式再上传。", "The content is not .{extension} (or has macros); save it in that format and send it again."),
    "file_too_many": ("每条需求最多 {most} 个文件，请先删除不用的。", "At most {most} files beside a need; remove some first."),
    "file_quota": ("贵单位的文件共可占 {most} MB，请先删除不用的。", "Your organisation's files may take {most} MB in all; remove some first."),
    "file_waiting": ("文件正在检查，请稍后再打开。", "The file is being checked; open it a little later."),
    "file_refused": ("检查发现问题，文件不能打开；请删除后重新上传。", "Something was found in this file and it cannot be opened; remove it and send another."),
    "file_lost": ("文件内容损坏或丢失，请重新上传，或请管理员从备份恢复。", "The content of this file is damaged or lost; send it again, or ask the operator to restore a backup."),
    "not_a_party": ("只能向意向已被接受的一方开放文件。", "A file can be released only to a party whose interest was accepted."),
    "bad_cursor": ("翻页位置无效，请从第一页开始。", "The page cursor is not valid; start from the first page."),
}  # fmt: skip


def say(code: str, language: str, facts: Mapping[str, Any] | None = None) -> str:
    """The sentence for a code in `language` ("zh" or "en"); the code itself when unknown."""
    zh, en = MESSAGES.get(code, (code, code))
    text = en if language == "en" else zh
    try:
        return text.format(**(facts or {}))
    except (KeyError, IndexError, ValueError):
        return text


def sentence(problem: Problem, language: str) -> str:
    """The sentence of a problem."""
    return say(problem.code, language, problem.facts)
