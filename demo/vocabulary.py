"""Names of the demo company: categories, goods, people, places. Constant data only."""

from __future__ import annotations

from typing import NamedTuple


class Category(NamedTuple):
    """A leaf category: goods are named `<variant><good>`."""

    code: str
    name: str
    owner: str
    base_uom: str
    shelf_life_days: int | None
    packs: tuple[int, ...]
    cost_range: tuple[float, float]
    seasons: tuple[str, ...]
    goods: tuple[str, ...]


CATEGORIES: tuple[Category, ...] = (
    Category(
        "01",
        "休闲食品",
        "王丽",
        "包",
        160,
        (12, 20, 24),
        (2.5, 18),
        ("festival",),
        ("瓜子", "花生", "牛肉干", "海苔", "曲奇", "坚果礼盒", "山楂片", "薯片"),
    ),
    Category(
        "02",
        "饮料冲调",
        "王丽",
        "瓶",
        300,
        (12, 15, 24),
        (1.5, 12),
        ("summer",),
        ("绿茶", "苏打水", "柠檬茶", "燕麦饮", "速溶咖啡", "酸梅汤", "椰子水", "蜂蜜"),
    ),
    Category(
        "03",
        "个护清洁",
        "陈志远",
        "瓶",
        720,
        (6, 12, 24),
        (4, 30),
        ("summer",),
        ("洗发露", "沐浴露", "洗手液", "牙膏", "护手霜", "洗衣液", "驱蚊水", "洗洁精"),
    ),
    Category(
        "04",
        "家居日用",
        "陈志远",
        "个",
        None,
        (6, 10, 20),
        (3, 45),
        ("winter",),
        ("收纳箱", "衣架", "毛巾", "保温杯", "雨伞", "拖鞋", "抱枕", "垃圾桶"),
    ),
    Category(
        "05",
        "厨房用品",
        "刘芳",
        "个",
        None,
        (6, 8, 12),
        (6, 70),
        ("festival",),
        ("炒锅", "汤锅", "砧板", "刀具", "饭盒", "密封罐", "漏勺", "餐具套装"),
    ),
    Category(
        "06",
        "文具办公",
        "刘芳",
        "盒",
        None,
        (10, 20, 50),
        (1, 25),
        ("autumn",),
        ("中性笔", "笔记本", "文件夹", "便利贴", "订书机", "白板笔", "复印纸", "计算器"),
    ),
    Category(
        "07",
        "五金工具",
        "赵强",
        "件",
        None,
        (6, 10, 24),
        (5, 90),
        ("winter",),
        ("螺丝刀", "扳手", "卷尺", "手电钻", "胶带", "插线板", "工具箱", "手套"),
    ),
    Category(
        "08",
        "小家电",
        "赵强",
        "台",
        None,
        (2, 4, 6),
        (35, 260),
        ("summer", "winter"),
        ("电风扇", "电水壶", "加湿器", "暖风机", "电饭煲", "吹风机", "榨汁机", "台灯"),
    ),
)

VARIANTS = ("经典", "轻享", "家庭装", "旅行", "加厚", "便携", "升级", "优选", "迷你", "大号")
SPECS = ("标准", "A型", "B型", "500ml", "1kg", "六只装", "礼盒", "简装")

WAREHOUSES = (
    ("001", "华东中心仓", "", "华东", "周建国"),
    ("002", "华北分仓", "001", "华北", "马晓燕"),
    ("003", "华南分仓", "001", "华南", "黄志明"),
)
"""code, name, supplying warehouse, region, manager. The first is the distribution centre."""

WAREHOUSE_SHARE = (0.5, 0.28, 0.22)

SUPPLIER_STEMS = (
    "恒达",
    "永昌",
    "嘉禾",
    "瑞丰",
    "金港",
    "东升",
    "华盛",
    "明远",
    "宏图",
    "新源",
    "百川",
    "利群",
    "天成",
    "顺意",
    "诚信",
)
BUYERS = ("孙悦", "吴迪", "郑楠")
COUNTERS = ("小李", "小张", "小周", "小何")
CHANNELS = ("online", "store", "wholesale")
