"""What the shop's shelves are called. All brands are made up."""

HOBBY_AISLES = """
Pet Supplies > Dogs > Food: Dry Food, Wet Food, Puppy Food, Treats, Bones
Pet Supplies > Dogs > Walking: Leads, Collars, Harnesses, Coats, Bag Holders
Pet Supplies > Dogs > Home: Beds, Bowls, Crates, Gates
Pet Supplies > Dogs > Play: Chew Toys, Balls, Rope Toys, Training Aids
Pet Supplies > Dogs > Care: Shampoo, Brushes, Nail Clippers
Pet Supplies > Cats > Food: Dry Food, Wet Food, Kitten Food, Treats
Pet Supplies > Cats > Litter: Litter, Litter Trays, Scoops
Pet Supplies > Cats > Home: Scratching Posts, Beds, Carriers, Flaps
Pet Supplies > Cats > Play: Wands, Mice, Tunnels
Pet Supplies > Fish > Tanks: Glass Tanks, Filters, Gravel
Pet Supplies > Birds > Keeping: Seed, Cages, Perches
Baby > Nursery > Sleep: Cots, Sleep Bags, Monitors, Mobiles
Baby > Nursery > Changing: Nappies, Wipes, Changing Mats
Baby > Feeding > Bottles: Bottles, Teats, Warmers
Baby > Feeding > Weaning: Bibs, High Chairs, Purees
Baby > Out and About > Travel: Prams, Car Seats, Slings
Toys > Building > Bricks: Starter Sets, City Sets, Castle Sets, Base Plates
Toys > Building > Trains: Tracks, Engines, Stations
Toys > Dolls > Play Sets: Dolls, Doll Houses, Doll Clothes
Toys > Puzzles > Table Games: Jigsaws, Board Games, Card Games, Memory Games
Toys > Outdoor > Garden Play: Swings, Sand Pits, Scooters, Kites
Toys > Dressing Up > Costumes: Capes, Crowns, Animal Suits
Books > Children > Early Years: Picture Books, Board Books, Sticker Books
Books > Children > Readers: First Readers, Comics, School Stories
Garden > Plants > Seeds: Vegetable Seeds, Flower Seeds, Herb Seeds
Garden > Plants > Bulbs: Spring Bulbs, Summer Bulbs, Dahlias
Garden > Plants > Shrubs: Roses, Lavender, Hedging
Garden > Tools > Digging: Spades, Forks, Trowels
Garden > Tools > Cutting: Shears, Secateurs, Hedge Trimmers
Garden > Growing > Beds: Pots, Compost, Raised Beds, Greenhouses
Garden > Growing > Watering: Hoses, Cans, Sprinklers
Kitchen > Cookware > Pans: Frying Pans, Saucepans, Woks, Griddles
Kitchen > Cookware > Baking: Cake Tins, Rolling Pins, Scales, Piping Bags
Kitchen > Knives > Cutting: Chef Knives, Bread Knives, Sharpeners, Boards
Kitchen > Appliances > Mixing: Stand Mixers, Blenders, Food Processors
Kitchen > Appliances > Heating: Slow Cookers, Air Fryers, Rice Cookers
Books > Cooking > Recipes: Baking Books, Pasta Books, Vegetable Books
Games > Consoles > Machines: Home Consoles, Handhelds, Docks
Games > Consoles > Play: Controllers, Headsets, Steering Wheels
Games > Software > Titles: Adventure Games, Racing Games, Strategy Games, Party Games
Games > Computers > Parts: Graphics Cards, Gaming Mice, Gaming Keyboards
Sports > Fitness > Weights: Dumbbells, Kettlebells, Benches
Sports > Fitness > Yoga: Mats, Blocks, Straps
Sports > Fitness > Running: Running Shoes, Running Shirts, Running Watches
Sports > Fitness > Nutrition: Protein, Bars, Shakers
Sports > Outdoors > Camping: Tents, Sleeping Bags, Stoves, Lanterns
Sports > Outdoors > Walking: Boots, Rucksacks, Poles, Maps
Sports > Outdoors > Cycling: Helmets, Bicycle Lights, Pumps, Panniers
Crafts > Sewing > Cloth: Cotton, Felt, Patterns, Threads
Crafts > Knitting > Yarn: Wool, Needles, Hooks
Crafts > Painting > Colours: Acrylics, Watercolours, Brushes, Canvases
Crafts > Paper > Cards: Card Blanks, Stamps, Cutters
Books > Fiction > Novels: Crime, Romance, Literary, Historical
Books > Fiction > Other Worlds: Fantasy, Space Stories, Ghost Stories
Books > Knowledge > World: History, Biography, Science, Nature
Electronics > Photography > Cameras: Mirrorless Cameras, Compact Cameras, Instant Cameras
Electronics > Photography > Lenses: Zoom Lenses, Wide Lenses, Filters
Electronics > Photography > Support: Tripods, Camera Bags, Memory Cards
Beauty > Skin > Face: Creams, Cleansers, Serums, Sunscreen
Beauty > Make-up > Eyes: Mascara, Eyeliner, Palettes
Beauty > Make-up > Lips: Lipstick, Gloss, Balm
Beauty > Hair > Care: Shampoo, Conditioner, Masks, Dyes
Beauty > Scent > Perfume: Eau de Toilette, Body Mist, Gift Boxes
Tools > Power > Drilling: Drills, Bits, Screwdriver Sets
Tools > Power > Sawing: Saws, Blades, Sanders
Tools > Hand > Basics: Hammers, Spanners, Tape Measures, Levels
Tools > Decorating > Walls: Paint, Rollers, Wallpaper, Fillers
Luggage > Cases > Travel: Cabin Cases, Large Cases, Packing Cubes
Luggage > On the Way > Comfort: Neck Pillows, Adapters, Travel Guides
Music > Instruments > Strings: Guitars, Ukuleles, Guitar Strings
Music > Instruments > Keys: Keyboards, Stands, Pedals
Music > Recordings > Discs: Vinyl, Compact Discs, Turntables
"""
"""Root > second > third: leaves. What hobbies, pets and children make people buy stands here."""

PLAIN_AISLES = """
Grocery > Pantry: Pasta, Rice, Flour, Oils, Spices, Sauces, Tinned Fish
Grocery > Breakfast: Cereal, Jam, Honey, Oats
Grocery > Snacks: Crisps, Chocolate, Nuts, Biscuits, Sweets
Grocery > Drinks: Coffee, Tea, Juice, Lemonade, Water
Household > Cleaning: Detergent, Sponges, Mops, Bin Bags, Soap
Household > Laundry: Washing Powder, Softener, Pegs, Irons
Household > Paper: Kitchen Rolls, Tissues, Toilet Paper
Household > Energy: Batteries, Bulbs, Extension Leads
Clothing > Women: Dresses, Knitwear, Coats, Shoes, Skirts, Jeans
Clothing > Men: Shirts, Trousers, Jackets, Trainers, Jumpers, Belts
Clothing > Everyone: Socks, Underwear, Scarves, Hats, Gloves, Pyjamas
Home > Bedding: Sheets, Pillows, Duvets, Blankets, Mattresses
Home > Living: Sofas, Lamps, Rugs, Cushions, Curtains, Candles
Home > Storage: Boxes, Shelves, Hangers, Wardrobes, Hooks
Home > Bath: Towels, Bath Mats, Mirrors
Home > Table: Plates, Mugs, Glasses, Cutlery, Napkins
Electronics > Audio: Headphones, Speakers, Radios, Earphones
Electronics > Computing: Laptops, Monitors, Cables, Printers, Tablets
Electronics > Phones: Phone Cases, Chargers, Screen Covers, Holders
Electronics > Television: Televisions, Remotes, Streaming Sticks
Office > Paper: Notebooks, Envelopes, Labels, Folders
Office > Writing: Pens, Markers, Pencils, Erasers
Office > Furniture: Desks, Office Chairs, Desk Lamps
Personal Care > Teeth: Toothpaste, Toothbrushes, Mouthwash
Personal Care > Body: Shower Gel, Deodorant, Body Lotion, Razors
Personal Care > First Aid: Plasters, Bandages, Thermometers
Car > Driving: Phone Mounts, Seat Covers, Floor Mats, Dash Cameras
Car > Upkeep: Engine Oil, Wipers, Tyre Pumps, Car Wax
Party > Tables: Balloons, Banners, Paper Cups, Party Candles
Party > Gifts: Wrapping Paper, Ribbons, Greeting Cards, Gift Bags
Jewellery > Worn: Rings, Necklaces, Earrings, Bracelets, Wristwatches
Films and Shows > Discs: Film Discs, Series Boxes, Posters
"""
"""Root > second: thirds. Each third has the leaves of its root's KINDS."""

KINDS = {
    "Grocery": ("Organic", "Value", "Family Size", "Imported", "Sugar-Free", "Seasonal"),
    "Household": ("Everyday", "Green", "Refill", "Scented", "Bulk", "Travel-Size"),
    "Clothing": ("Casual", "Smart", "Sport", "Winter", "Summer", "Petite", "Tall"),
    "Home": ("Modern", "Classic", "Small", "Large", "Natural", "Coloured", "Outdoor"),
    "Electronics": ("Budget", "Wireless", "Compact", "Professional", "Refurbished", "Smart"),
    "Office": ("School", "Recycled", "Executive", "Coloured", "Bulk", "Compact"),
    "Personal Care": ("Gentle", "Daily", "Natural", "Travel-Size", "Scent-Free", "Family"),
    "Car": ("Universal", "Heavy-Duty", "Compact", "Winter", "Premium"),
    "Party": ("Birthday", "Wedding", "New Year", "Plain", "Glitter"),
    "Jewellery": ("Silver", "Gold-Tone", "Beaded", "Minimal", "Vintage"),
    "Films and Shows": ("Drama", "Family", "Action", "Classic", "Comedy"),
}

HOBBIES = {
    "dog": ("Pet Supplies > Dogs",),
    "cat": ("Pet Supplies > Cats",),
    "baby": ("Baby",),
    "children": ("Toys", "Books > Children"),
    "gardening": ("Garden",),
    "cooking": ("Kitchen", "Books > Cooking"),
    "games": ("Games",),
    "fitness": ("Sports > Fitness",),
    "outdoors": ("Sports > Outdoors",),
    "crafts": ("Crafts",),
    "reading": ("Books > Fiction", "Books > Knowledge"),
    "photography": ("Electronics > Photography",),
    "beauty": ("Beauty",),
    "diy": ("Tools",),
    "travel": ("Luggage",),
    "music": ("Music",),
}
"""Where somebody with a hobby, a pet or a child buys more."""

PRICE_USD = {
    "Grocery": 5, "Household": 8, "Clothing": 32, "Home": 40, "Electronics": 75, "Office": 11,
    "Personal Care": 7, "Car": 22, "Party": 6, "Jewellery": 45, "Films and Shows": 14,
    "Pet Supplies": 17, "Baby": 24, "Toys": 22, "Books": 13, "Garden": 19, "Kitchen": 35,
    "Games": 48, "Sports": 38, "Crafts": 12, "Beauty": 16, "Tools": 33, "Luggage": 42, "Music": 36,
}  # fmt: skip
"""What a thing of a root category costs in the middle."""

BRANDS = ("Alder", "Brindle", "Corvo", "Dunmore", "Eskel", "Fathom", "Gantry", "Hollin", "Isker",
          "Jorvik", "Kestle", "Lomond", "Marrow", "Nimbly", "Orris", "Plover")  # fmt: skip
STYLES = ("Classic", "Mini", "Deluxe", "Basic", "Plus", "Select", "Duo", "Original")


def leaves() -> list[str]:
    """Every leaf category as a path of four levels joined by ' > '."""
    paths: list[str] = []
    for line in HOBBY_AISLES.strip().splitlines():
        path, _, names = line.partition(": ")
        paths += [f"{path} > {name}" for name in names.split(", ")]
    for line in PLAIN_AISLES.strip().splitlines():
        path, _, names = line.partition(": ")
        kinds = KINDS[path.split(" > ", maxsplit=1)[0]]
        paths += [f"{path} > {name} > {k} {name}" for name in names.split(", ") for k in kinds]
    return paths
