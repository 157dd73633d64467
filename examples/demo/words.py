"""The made-up world of the demo: what the shop sells and which films run. No name is real."""

TREE = """
Pet Supplies > Dogs: Dry Food, Wet Food, Treats, Chew Toys, Beds, Leads & Collars, Grooming
Pet Supplies > Cats: Dry Food, Wet Food, Litter, Scratching Posts, Toys
Pet Supplies > Fish: Tanks, Flakes
Pet Supplies > Birds: Seed, Cages
Books > Fiction: Crime, Romance, Science Fiction, Historical, Literary
Books > Non-fiction: Cooking, Gardening, History, Travel, Biography, Science
Books > Children: Picture Books, First Readers, Comics
Grocery > Pantry: Pasta, Rice, Oils, Spices, Baking, Tinned Fish
Grocery > Drinks: Coffee, Tea, Juice, Sparkling Water
Grocery > Snacks: Crisps, Chocolate, Nuts, Biscuits
Home > Kitchen > Cookware: Pans, Pots, Knives, Woks
Home > Kitchen > Appliances: Kettles, Blenders, Toasters, Mixers
Home > Bedding: Sheets, Pillows, Duvets, Blankets
Home > Storage: Boxes, Shelves, Hangers
Home > Lighting: Lamps, Bulbs, Candles
Garden > Plants: Bulbs, Seeds, Shrubs, Pots
Garden > Tools: Spades, Shears, Hoses, Gloves
Garden > Outdoor Living: Chairs, Grills, Parasols
Electronics > Audio: Headphones, Speakers, Turntables
Electronics > Computing: Keyboards, Mice, Monitors, Cables
Electronics > Gaming > Consoles: Controllers, Headsets, Games
Electronics > Photo: Cameras, Tripods, Film
Toys > Building: Bricks, Magnets, Trains
Toys > Dolls: Dolls, Houses, Clothes
Toys > Puzzles: Jigsaws, Board Games, Cards
Baby > Nursery: Cots, Monitors, Blankets
Baby > Feeding: Bottles, Bibs, Formula
Sports > Running: Shoes, Shirts, Watches
Sports > Yoga: Mats, Blocks
Sports > Cycling: Lights, Helmets, Pumps
Sports > Camping: Tents, Sleeping Bags, Stoves
Clothing > Women: Dresses, Knitwear, Coats, Shoes
Clothing > Men: Shirts, Jeans, Coats, Shoes
Beauty > Skin: Creams, Cleansers, Sunscreen
Beauty > Hair: Shampoo, Brushes, Dyes
Tools > Power: Drills, Saws, Sanders
Tools > Hand: Hammers, Screwdrivers, Tape Measures
Office > Paper: Notebooks, Envelopes, Labels
Office > Writing: Pens, Markers, Inks
"""

TASTES = {
    "dog": ("Pet Supplies > Dogs",),
    "cat": ("Pet Supplies > Cats",),
    "small children": ("Toys", "Baby", "Books > Children"),
    "garden": ("Garden", "Books > Non-fiction > Gardening"),
    "games": ("Electronics > Gaming", "Books > Fiction > Science Fiction"),
    "cooking": ("Home > Kitchen", "Grocery > Pantry", "Books > Non-fiction > Cooking"),
    "outdoors": ("Sports > Camping", "Sports > Cycling", "Sports > Running"),
}
"""What people with a taste buy more of."""

BRANDS = ("Alder", "Brindle", "Corvo", "Dunmore", "Eskel", "Fathom", "Gantry", "Hollin", "Isker")
KINDS = ("Classic", "Small", "Large", "Deluxe", "Everyday", "Organic", "Travel", "Soft")

HIDDEN = "The Long Way Home"
"""Its audience is people who keep a dog; nothing in its title or genre says so."""

NULL = "Midnight Ledger"
"""Who sees it depends on how often they go to the cinema, and on nothing else."""

IN_CINEMAS = (
    (HIDDEN, "Drama"),
    (NULL, "Thriller"),
    ("A Lighthouse for Two", "Romance|Drama"),
    ("Copper Canyon", "Western"),
    ("Eleven Small Lies", "Crime|Thriller"),
    ("Orbit of the Ninth Moon", "Science Fiction|Adventure"),
    ("The Button Thieves", "Family|Comedy"),
    ("Grandmother's Heist", "Comedy|Crime"),
    ("Salt and Thunder", "Adventure"),
    ("The Quiet Orchestra", "Drama|Music"),
    ("Starfall Protocol", "Science Fiction|Action"),
    ("Pirates of Puddle Lane", "Family|Animation"),
    ("Last Tram to Verra", "Drama"),
    ("The Hollow Stair", "Horror"),
    ("Second Serve", "Comedy|Romance"),
    ("Iron Harvest Road", "Action"),
    ("The Cartographer's Wife", "Romance|History"),
    ("Wobble the Robot", "Family|Science Fiction"),
    ("Ash Wednesday Club", "Crime"),
    ("Five Kilometres of String", "Comedy"),
)

_FIRST = ("Silver", "Paper", "Winter", "Broken", "Velvet", "Distant", "Crimson", "Seventh")
_SECOND = ("Harbour", "Letters", "Machine", "Garden", "Promise")
_GENRES = ("Drama", "Comedy", "Action", "Romance", "Family", "Science Fiction", "Horror", "Crime")
ON_VIDEO = tuple(
    (f"{first} {second}", _GENRES[(i + 3 * j) % len(_GENRES)])
    for i, first in enumerate(_FIRST)
    for j, second in enumerate(_SECOND)
)

GENRE_TASTES = {"small children": "Family", "games": "Science Fiction", "outdoors": "Adventure"}

REGIONS = ("California", "Texas", "Florida", "New York", "Ohio", "Iowa", "Oregon", "Vermont")
AREA_CODES = (
    *(201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 220),
    *(223, 224, 225, 227, 228, 229, 231, 234, 235, 239, 240, 248, 251, 252, 253, 254, 256, 260),
    *(262, 267, 269, 270, 272, 274, 276, 279, 281, 283, 301, 302, 303, 304, 305, 307, 308, 309),
    *(310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 324, 325, 326, 327, 329, 330),
    *(331, 332, 334, 336, 337, 339, 341, 346, 347, 350, 351, 352, 353, 360, 361, 363, 364, 369),
    *(380, 385, 386, 401, 402, 404, 405, 406, 407, 408, 409, 410, 412, 413, 414, 415, 417, 419),
)
"""Their numbers 555-0100 to 555-0199 are set aside for fiction."""


def leaves() -> list[str]:
    """Every leaf category as a path, levels joined by ' > '."""
    return [
        f"{path} > {leaf.strip()}"
        for path, _, names in (line.partition(": ") for line in TREE.strip().splitlines())
        for leaf in names.split(",")
    ]
