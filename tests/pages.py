"""Hypothesis strategies for pages: lines of every kind that a header and a body must tell apart."""

from __future__ import annotations

from hypothesis import strategies as st

LINES = st.sampled_from(
    [
        "微博",
        "  QQ空間 ",
        "首頁 > 要聞 > 正文",
        "版权所有：东北网",
        "2011-04-19 來源:東北網",
        "# 标题",
        "",
        " \u3000",
        "全省開展培訓341期。",
        "责任编辑：王凌霞",
        "一、总体情况",
        "來源：新華社",
        "公元9999年99月99日",
        "——副题",
        "第1期",
    ]
)
PAGES = st.lists(LINES | st.text(max_size=30), max_size=40).map("\n".join)
