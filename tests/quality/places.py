"""Real places of China by their rank, to ask about another one than the text tells of. The product has no such list."""

from __future__ import annotations

import re

PLACES = {
    "省": (
        "河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 "
        "四川 贵州 云南 陕西 甘肃 青海"
    ).split(),
    "市": (
        "北京 天津 上海 重庆 石家庄 唐山 保定 太原 大同 沈阳 大连 鞍山 长春 哈尔滨 齐齐哈尔 "
        "佳木斯 黑河 伊春 鹤岗 南京 无锡 徐州 苏州 南通 扬州 杭州 宁波 温州 嘉兴 绍兴 金华 "
        "合肥 芜湖 福州 厦门 泉州 南昌 九江 赣州 济南 青岛 烟台 潍坊 临沂 郑州 洛阳 南阳 "
        "武汉 宜昌 十堰 襄阳 长沙 岳阳 邵阳 广州 深圳 珠海 佛山 东莞 中山 惠州 南宁 桂林 "
        "柳州 北流 海口 三亚 成都 绵阳 宜宾 贵阳 遵义 昆明 大理 西安 宝鸡 咸阳 兰州 天水 "
        "西宁 银川 呼和浩特 包头 乌鲁木齐 拉萨"
    ).split(),
    "县": (
        "新干 新兴 南华 肇东 东宁 安吉 德清 长兴 海盐 桐庐 淳安 象山 嘉善 平阳 苍南 沭阳 "
        "泗洪 宁海 永嘉 武义 凤阳 寿县 舒城 修水 上犹 兰考 嵩县 正定 阜平 古田 惠来 丰顺 "
        "仁寿 大竹 盘州 凤凰 石门 长阳 秭归 蓝田 周至"
    ).split(),
    "州": (
        "凉山 甘孜 阿坝 恩施 湘西 延边 临夏 甘南 黔东南 黔西南 红河 文山 楚雄 大理 德宏 "
        "怒江 迪庆 海西 海北 玉树 伊犁 昌吉"
    ).split(),
}
NAMED = re.compile("|".join(f"(?:{'|'.join(names)}){rank}" for rank, names in PLACES.items()))
